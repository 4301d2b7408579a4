// Names and reasons come from outside: they enter as text, never as HTML.

function element(tag, className, text) {
  const made = document.createElement(tag)
  made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

function tile(data, open) {
  const made = element("li", "tile")
  made.dataset.tone = data.tone
  made.title = data.title

  const picture = element("div", "picture")
  if (data.png) {
    const image = document.createElement("img")
    image.src = `data:image/png;base64,${data.png}`
    image.alt = data.alt
    picture.append(image)
  } else {
    picture.append(element("span", "note", data.note))
  }

  const caption = element("div", "caption")
  if (data.digit !== null) {
    const reading = element("div", "reading")
    reading.append(element("span", "digit", data.digit), element("span", "", data.confidence))
    caption.append(reading)
  }
  caption.append(element("div", "decision", data.decision))
  if (data.remarks) caption.append(element("div", "remarks", data.remarks))
  caption.append(element("div", "name", data.name))

  if (data.opens) {
    const button = element("button", "open")
    button.type = "button"
    button.append(picture, caption)
    button.addEventListener("click", () => open(data.opens))
    made.append(button)
  } else {
    made.append(picture, caption)
  }
  return made
}

export default function ({ data, parentElement, setTriggerValue }) {
  const open = (what) => setTriggerValue("opened", what)
  const list = element("ul", "tiles")
  list.setAttribute("aria-label", data.label)
  list.append(...data.tiles.map((each) => tile(each, open)))
  parentElement.querySelector("#gallery").replaceChildren(list)
}
