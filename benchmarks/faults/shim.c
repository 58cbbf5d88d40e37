/* A library to preload: it counts the calls by which a process changes files below one folder (and, where asked, what
 * it sends into sockets), over all threads, and makes one of them go wrong: the process is killed before it, or in the
 * middle of it, or the disk is full from then on. Armed by the process itself, after fork; harmless until then. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT = 0, KILL_BEFORE = 1, KILL_WITHIN = 2, FULL = 3 };

static char root[PATH_MAX];
static size_t root_length;
static atomic_long seen;
static long fault_at;
static int fault, sockets;

void faults_arm(const char *folder, long at, int what, int with_sockets)
{
    strncpy(root, folder, sizeof root - 1);
    fault_at = at;
    fault = what;
    sockets = with_sockets;
    atomic_store(&seen, 0);
    root_length = strlen(root);
}

long faults_seen(void) { return atomic_load(&seen); }

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static int below(const char *path) { return root_length && path && strncmp(path, root, root_length) == 0; }

static int is_ours(int fd)
{
    char link[64], path[PATH_MAX];
    if (!root_length)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return 0;
    path[n] = 0;
    return below(path);
}

/* Return what is to happen to this call. */
static int now(void)
{
    long number = atomic_fetch_add(&seen, 1) + 1;
    if (fault == FULL)
        return number >= fault_at ? FULL : COUNT;
    if (fault != COUNT && number == fault_at) {
        if (fault == KILL_BEFORE)
            die();
        return fault;
    }
    return COUNT;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* Calls that carry bytes: within means that half of them arrive. */
#define CARRY(ours, count, call_all, call_half) \
    if (ours) { \
        int what = now(); \
        if (what == KILL_WITHIN) { \
            call_half; \
            die(); \
        } \
        if (what == FULL) { \
            if ((count) > 1 && atomic_load(&seen) == fault_at) \
                return call_half; \
            errno = ENOSPC; \
            return -1; \
        } \
    } \
    return call_all

/* Calls that happen or do not: within means that it happened and nothing after it. */
#define HAPPEN(ours, needs_space, call) \
    if (ours) { \
        int what = now(); \
        if (what == KILL_WITHIN) { \
            call; \
            die(); \
        } \
        if (what == FULL && (needs_space)) { \
            errno = ENOSPC; \
            return -1; \
        } \
    } \
    return call

ssize_t write(int fd, const void *data, size_t n)
{
    REAL(write);
    CARRY(is_ours(fd), n, real(fd, data, n), real(fd, data, n / 2));
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    REAL(pwrite);
    CARRY(is_ours(fd), n, real(fd, data, n, at), real(fd, data, n / 2, at));
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
    REAL(pwrite64);
    CARRY(is_ours(fd), n, real(fd, data, n, at), real(fd, data, n / 2, at));
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    REAL(writev);
    CARRY(is_ours(fd), n, real(fd, parts, n), real(fd, parts, n / 2));
}

ssize_t send(int fd, const void *data, size_t n, int flags)
{
    REAL(send);
    CARRY(sockets && root_length && fault != FULL, n, real(fd, data, n, flags), real(fd, data, n / 2, flags));
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    REAL(open);
    HAPPEN((flags & (O_CREAT | O_TRUNC)) && below(path), flags & O_CREAT, real(path, flags, mode));
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    REAL(open64);
    HAPPEN((flags & (O_CREAT | O_TRUNC)) && below(path), flags & O_CREAT, real(path, flags, mode));
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    HAPPEN(below(to), 0, real(from, to));
}

int unlink(const char *path)
{
    REAL(unlink);
    HAPPEN(below(path), 0, real(path));
}

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    HAPPEN(below(path), 1, real(path, mode));
}

int ftruncate(int fd, off_t length)
{
    REAL(ftruncate);
    HAPPEN(is_ours(fd), 0, real(fd, length));
}

int ftruncate64(int fd, off64_t length)
{
    REAL(ftruncate64);
    HAPPEN(is_ours(fd), 0, real(fd, length));
}

int fsync(int fd)
{
    REAL(fsync);
    HAPPEN(is_ours(fd), 0, real(fd));
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    HAPPEN(is_ours(fd), 0, real(fd));
}
