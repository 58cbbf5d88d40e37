// The frame that holds the map on a page: made once, kept alive over reruns, fed with values only.
// Never draws, and never tells Python about pan or zoom: only a choice of a tambon makes a rerun.
export default function ({ data, parentElement, setTriggerValue }) {
  let frame = parentElement.querySelector("iframe");
  if (!frame) {
    frame = document.createElement("iframe");
    frame.allow = "clipboard-write";
    frame.desk = {};
    frame.desk.hear = (event) => {
      if (event.source !== frame.contentWindow || event.origin !== location.origin) return;
      if (event.data.desk === "ready") frame.desk.tell();
      if (event.data.desk === "clicked") frame.desk.trigger("clicked", event.data.code);
      if (event.data.desk === "drawn") frame.desk.trigger("drawn", event.data.geometry);
    };
    frame.desk.tell = () =>
      frame.contentWindow?.postMessage({ desk: "values", values: frame.desk.values }, location.origin);
    parentElement.appendChild(frame);
  }
  const state = frame.desk;
  window.addEventListener("message", state.hear);
  state.values = data.values;
  state.trigger = setTriggerValue;
  frame.title = data.title;
  frame.style.setProperty("--tall", data.height + "px");
  frame.style.setProperty("--short", data.phone_height + "px");
  if (frame.dataset.page !== data.page) {
    // A new outline or place is a new page; it asks for its values when it is ready.
    frame.dataset.page = data.page;
    frame.src = data.page;
  } else state.tell();
  return () => window.removeEventListener("message", state.hear);
}
