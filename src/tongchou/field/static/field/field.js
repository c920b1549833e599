// The phone page: usual phrases go into the note, "cancel" closes it again.
document.addEventListener("click", (event) => {
  const phrase = event.target.closest("[data-fill]");
  if (phrase) {
    const note = document.getElementById(phrase.dataset.fill);
    const text = phrase.textContent.trim();
    if (!note.value.includes(text)) note.value = note.value ? `${note.value}${text}` : text;
    note.focus();
  }
  const close = event.target.closest("[data-close-details]");
  if (close) {
    const box = close.closest("details");
    box.open = false;
    box.querySelector("summary").focus();
  }
});
