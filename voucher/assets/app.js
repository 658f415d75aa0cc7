// A few comforts. Every page works without them.

import { grouped } from "./code.js";

document.body.classList.add("js-enabled");

// After a page comes back with something to check, reading starts there.
const summary = document.querySelector("[data-error-summary]");
if (summary) {
  summary.focus();
  summary.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    // The question comes into view with its answer, not the box alone.
    const group = field.closest("fieldset, .govuk-form-group");
    (group || field).scrollIntoView();
    field.focus({ preventScroll: true });
  });
}

// A code falls into its three groups while it is typed or pasted.
for (const input of document.querySelectorAll("input[data-code]")) {
  input.addEventListener("input", (event) => {
    const atEnd = input.selectionStart === input.value.length;
    if (atEnd && !event.inputType?.startsWith("delete")) input.value = grouped(input.value);
  });
}

// News that stood in the page from the start is told again once the reader listens.
for (const region of document.querySelectorAll(".messages[role='status']")) {
  const news = region.textContent.trim();
  if (news) {
    const told = document.createElement("p");
    told.className = "govuk-visually-hidden";
    told.setAttribute("role", "status");
    region.removeAttribute("role");
    region.after(told);
    setTimeout(() => {
      told.textContent = news;
      setTimeout(() => told.remove(), 5000);
    }, 300);
  }
}

// A second press of the same button within two seconds is a tremor, not a wish.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const form = event.target;
  const now = Date.now();
  if (form.querySelector("[data-once]") && now - Number(form.dataset.pressedAt || 0) < 2000) event.preventDefault();
  else form.dataset.pressedAt = now;
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// What only a script can do is shown where there is one.
for (const each of document.querySelectorAll("[data-scripted]")) each.hidden = false;

// Of a day that has begun, or is the last one possible, only the hours that are left are offered.
for (const hours of document.querySelectorAll("select[data-hours-of]")) {
  const day = hours.form.elements[hours.dataset.hoursOf];
  const { first, last } = hours.dataset;
  const offerWhatIsLeft = () => {
    for (const option of hours.options) {
      const moment = `${day.value}T${option.value}`;
      const isOver = Boolean(day.value && option.value) && (moment < first || moment > last);
      option.hidden = option.disabled = isOver;
      if (isOver && option.selected) hours.value = "";
    }
  };
  day.addEventListener("change", offerWhatIsLeft);
  offerWhatIsLeft();
}
