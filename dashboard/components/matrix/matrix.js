// A table of buttons: rows are true digits, columns predicted ones. Arrow keys go from cell to cell.

function element(tag, className, text) {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined) node.textContent = text
  return node
}

function cell(data, choose) {
  const node = element("td")
  const button = element("button", "cell", data.text)
  button.type = "button"
  button.title = data.alt
  button.setAttribute("aria-label", data.alt)
  button.setAttribute("aria-pressed", String(data.selected))
  button.dataset.name = data.name
  button.dataset.kind = data.right ? "right" : data.text ? "wrong" : "none"
  // Between the two no text has a contrast of 4.5 on a light page.
  const hot = data.heat > 0.6
  const share = hot ? 80 + 50 * (data.heat - 0.6) : 20 + 66 * data.heat
  button.style.setProperty("--heat", `${Math.round(share)}%`)
  button.classList.toggle("hot", hot)
  button.disabled = !data.text
  button.addEventListener("click", () => choose(data.name))
  node.append(button)
  return node
}

function table(data, choose) {
  const node = element("table")
  node.append(element("caption", "", data.label))
  const head = element("tr")
  const corner = element("th", "corner", "true ↓ predicted →")
  head.append(corner, ...data.rows.map((_, digit) => heading(digit, "col")))
  node.append(head)
  data.rows.forEach((row, digit) => {
    const line = element("tr")
    line.append(heading(digit, "row"), ...row.map((fields) => cell(fields, choose)))
    node.append(line)
  })
  return node
}

function heading(digit, scope) {
  const node = element("th", "", String(digit))
  node.scope = scope
  return node
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
  root.replaceChildren(table(data, (name) => setTriggerValue("clicked", name)))
  if (focused) root.querySelector(`[data-name="${focused}"]`)?.focus()
}
