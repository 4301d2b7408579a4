// A table of buttons: rows are true digits, columns predicted ones. Arrow keys go from cell to cell.

function element(tag, className, text) {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

function cell(data, choose) {
  const made = element("td")
  const button = element("button", "cell", data.text)
  button.type = "button"
  button.title = data.alt
  button.setAttribute("aria-label", data.alt)
  button.setAttribute("aria-pressed", String(data.chosen))
  button.dataset.name = data.name
  button.dataset.kind = data.right ? "right" : data.text ? "wrong" : "none"
  button.style.setProperty("--heat", `${Math.round(20 + 80 * data.heat)}%`)
  button.classList.toggle("hot", data.heat > 0.6)
  button.disabled = !data.text
  button.addEventListener("click", () => choose(data.name))
  made.append(button)
  return made
}

function table(data, choose) {
  const made = element("table")
  made.append(element("caption", "", data.label))
  const head = element("tr")
  const corner = element("th", "corner", "true ↓ read →")
  head.append(corner, ...data.rows.map((_, digit) => heading(digit, "col")))
  made.append(head)
  data.rows.forEach((row, digit) => {
    const line = element("tr")
    line.append(heading(digit, "row"), ...row.map((each) => cell(each, choose)))
    made.append(line)
  })
  return made
}

function heading(digit, scope) {
  const made = element("th", "", String(digit))
  made.scope = scope
  return made
}

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

function walk(event, root) {
  const step = STEPS[event.key]
  const from = event.target.dataset?.name
  if (!step || !from) return
  event.preventDefault()
  let [row, column] = from.split("-").map(Number)
  for (;;) {
    row += step[0]
    column += step[1]
    const next = root.querySelector(`[data-name="${row}-${column}"]`)
    if (!next) return
    if (!next.disabled) return next.focus()
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("#matrix")
  const focused = root.querySelector(":focus")?.dataset.name
  root.onkeydown = (event) => walk(event, root)
  root.replaceChildren(table(data, (name) => setTriggerValue("chosen", name)))
  if (focused) root.querySelector(`[data-name="${focused}"]`)?.focus()
}
