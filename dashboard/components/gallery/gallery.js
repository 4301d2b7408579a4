// Names and reasons come from outside: they enter as text, never as HTML.

function element(tag, className, text) {
  const node = document.createElement(tag)
  node.className = className
  if (text !== undefined) node.textContent = text
  return node
}

function choices(data, choose) {
  const group = element("div", "choices")
  group.setAttribute("role", "group")
  group.setAttribute("aria-label", data.label)
  group.append(
    ...data.options.map((option) => {
      const button = element("button", "choice", option)
      button.type = "button"
      button.setAttribute("aria-pressed", String(option === data.chosen))
      button.addEventListener("click", () => choose(option))
      return button
    }),
  )
  return group
}

function tile(data, open, choose) {
  const node = element("li", "tile")
  node.dataset.tone = data.tone
  node.title = data.title

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
    const prediction = element("div", "prediction")
    prediction.append(element("span", "digit", data.digit), element("span", "", data.confidence))
    caption.append(prediction)
  }
  caption.append(element("div", "decision", data.decision))
  if (data.remarks) caption.append(element("div", "remarks", data.remarks))
  caption.append(element("div", "name", data.name))

  if (data.opens) {
    const button = element("button", "open")
    button.type = "button"
    button.append(picture, caption)
    button.addEventListener("click", () => open(data.opens))
    node.append(button)
  } else {
    node.append(picture, caption)
  }
  if (data.choices) {
    node.append(choices(data.choices, (option) => choose({ opens: data.opens, option })))
  }
  return node
}

export default function ({ data, parentElement, setTriggerValue }) {
  const open = (address) => setTriggerValue("opened", address)
  const choose = (choice) => setTriggerValue("chosen", choice)
  const list = element("ul", "tiles")
  list.setAttribute("aria-label", data.label)
  list.append(...data.tiles.map((fields) => tile(fields, open, choose)))
  parentElement.querySelector("#gallery").replaceChildren(list)
}
