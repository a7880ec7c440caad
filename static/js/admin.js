// What the markup of Django's admin lacks for screen readers: names of the fields in tables, of the two
// halves of a time, and of the pickers that select2 makes; and columns without a head.
{
  const text = (element) => element.textContent.replace(/[:*\s]+$/, "").trim();
  const named = (field, words) => words && field.setAttribute("aria-label", words);

  const nameCells = (table) => {
    const heads = [...table.querySelectorAll("thead th")].map(text);
    for (const row of table.querySelectorAll("tbody tr")) {
      [...row.children].forEach((cell, place) => {
        // The first cell, which has no head of its own, holds what the row is.
        const words = heads[place];
        for (const field of cell.querySelectorAll("input:not([type=hidden]), select, textarea")) {
          named(field, field.title || words);
        }
      });
    }
    for (const head of table.querySelectorAll("thead th")) {
      if (!head.textContent.trim()) head.innerHTML = '<span class="visually-hidden">Row</span>';
    }
  };

  const nameTimes = (pair) => {
    const label = pair.closest(".form-row, td")?.querySelector("label, legend");
    pair.querySelectorAll("input").forEach((field, place) => {
      if (label) named(field, `${text(label)}: ${place ? "time" : "date"}`);
    });
  };

  const namePicker = (picker) => {
    const select = picker.previousElementSibling;
    const label = select?.id && document.querySelector(`label[for="${select.id}"]`);
    const words = label ? text(label) : select?.getAttribute("aria-label") || "Search";
    for (const part of picker.querySelectorAll(".select2-search__field, [role=combobox], [role=textbox]")) {
      named(part, words);
    }
    // Its list marks up its items as something else.
    for (const part of picker.querySelectorAll("ul, ul > li")) part.setAttribute("role", "none");
  };

  window.addEventListener("load", () => {
    document.querySelectorAll(".tabular table").forEach(nameCells);
    document.querySelectorAll(".datetime").forEach(nameTimes);
    document.querySelectorAll(".help-tooltip[aria-label]").forEach((tip) => tip.setAttribute("role", "img"));
    const namePickers = () => document.querySelectorAll(".select2-container").forEach(namePicker);
    namePickers();
    // They are made, and made anew, whenever something is picked.
    new MutationObserver(namePickers).observe(document.body, { childList: true, subtree: true });
  });
}
