// Streamlit calls the function again after every answer: a picture is drawn once, and where it is
// cut is kept here from then on.

const STEP = 0.005
const MOST = 60

function share(field, event) {
  const box = field.getBoundingClientRect()
  return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
}

function widestGap(shares) {
  const edges = [0, ...shares, 1]
  const gaps = edges.slice(1).map((edge, index) => [edge - edges[index], edges[index]])
  const [width, start] = gaps.reduce((widest, gap) => (gap[0] > widest[0] ? gap : widest))
  return start + width / 2
}

function draw(field, data, send) {
  const image = document.createElement("img")
  image.src = `data:image/png;base64,${data.png}`
  image.alt = data.label
  image.draggable = false
  field.replaceChildren(image)

  const shares = () => [...field.querySelectorAll(".cut")].map((cut) => Number(cut.dataset.share))
  const sorted = () => shares().sort((one, other) => one - other)
  const tell = () => send(sorted())

  function move(cut, to) {
    cut.dataset.share = to
    cut.style.left = `${100 * to}%`
    cut.setAttribute("aria-valuenow", Math.round(100 * to))
  }

  function add(at) {
    if (shares().length >= MOST) return
    const cut = document.createElement("div")
    cut.className = "cut"
    cut.tabIndex = 0
    cut.setAttribute("role", "slider")
    cut.setAttribute("aria-label", "Cut")
    cut.setAttribute("aria-valuemin", 0)
    cut.setAttribute("aria-valuemax", 100)
    move(cut, at)
    cut.addEventListener("pointerdown", (event) => {
      cut.setPointerCapture(event.pointerId)
      cut.dataset.from = cut.dataset.share
    })
    cut.addEventListener("pointermove", (event) => {
      if (cut.hasPointerCapture(event.pointerId)) move(cut, share(field, event))
    })
    cut.addEventListener("pointerup", () => {
      if (cut.dataset.from !== cut.dataset.share) tell()
    })
    cut.addEventListener("dblclick", (event) => {
      event.stopPropagation()
      cut.remove()
      tell()
    })
    cut.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key]
      if (step) move(cut, Math.min(1, Math.max(0, Number(cut.dataset.share) + step)))
      else if (event.key === "Delete" || event.key === "Backspace") cut.remove()
      else return
      event.preventDefault()
      event.stopPropagation()
      tell()
    })
    field.append(cut)
    return cut
  }

  data.cuts.forEach(add)
  field.ondblclick = (event) => {
    add(share(field, event))
    tell()
  }
  return () => {
    add(widestGap(sorted()))?.focus()
    tell()
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const field = parentElement.querySelector("#field")
  if (field.dataset.name === data.name) return
  field.dataset.name = data.name
  const add = draw(field, data, (shares) => setStateValue("cuts", shares))
  parentElement.querySelector("#add").onclick = add
}
