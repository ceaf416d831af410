// Called by Streamlit to show sprites of which one is chosen; a choice is sent back with its number.

/** Called again whenever the data or the theme change. */
export default mounting(({ data, parentElement, setTriggerValue }) => {
  const choices = parentElement.querySelector(".choices");
  const { label, sprites, chosen, side } = data;
  choices.setAttribute("aria-label", label);
  // New buttons would lose the focus.
  const shown = JSON.stringify(sprites);
  if (choices.shown !== shown) {
    choices.shown = shown;
    choices.replaceChildren(
      ...sprites.map(({ name, picture }) => {
        const button = document.createElement("button");
        Object.assign(button, { type: "button", title: name });
        button.setAttribute("role", "radio");
        button.setAttribute("aria-label", name);
        const image = document.createElement("img");
        Object.assign(image, { src: picture, alt: "", width: side[0], height: side[1] });
        button.append(image);
        return button;
      }),
    );
  }
  const buttons = [...choices.children];
  const choose = (number) => {
    setTriggerValue("choice", number);
    mark(number);
  };
  // As a group of radio buttons: one of them can have the focus, and the arrow keys go on from there.
  const mark = (number) =>
    buttons.forEach((button, i) => {
      button.setAttribute("aria-checked", String(i === number));
      button.tabIndex = i === Math.max(0, number) ? 0 : -1;
    });
  buttons.forEach((button, i) => {
    button.onclick = () => choose(i);
    button.onkeydown = (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const next = (i + by + buttons.length) % buttons.length;
      buttons[next].focus();
      choose(next);
    };
  });
  mark(chosen);
});
