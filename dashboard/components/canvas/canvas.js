// Streamlit calls the function again after every answer, and may make the sheet anew: listeners are
// put on each sheet once, and the drawing is kept here to be put back.

const prepared = new WeakSet()
let kept = null

function paper(sheet) {
  const pen = sheet.getContext("2d")
  pen.fillStyle = "#fff"
  pen.fillRect(0, 0, sheet.width, sheet.height)
  pen.strokeStyle = "#000"
  pen.lineCap = pen.lineJoin = "round"
  return pen
}

function place(sheet, event) {
  const box = sheet.getBoundingClientRect()
  const scale = sheet.width / box.width
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale]
}

function prepare(parent, send) {
  const sheet = parent.querySelector("#sheet")
  const width = parent.querySelector("#width")
  const pen = paper(sheet)
  let drawing = false

  if (kept) {
    const before = new Image()
    before.addEventListener("load", () => pen.drawImage(before, 0, 0))
    before.src = kept
  }
  sheet.addEventListener("pointerdown", (event) => {
    drawing = true
    sheet.setPointerCapture(event.pointerId)
    pen.lineWidth = width.value
    pen.beginPath()
    pen.moveTo(...place(sheet, event))
    pen.lineTo(...place(sheet, event))
    pen.stroke()
  })
  sheet.addEventListener("pointermove", (event) => {
    if (!drawing) return
    pen.lineTo(...place(sheet, event))
    pen.stroke()
  })
  for (const name of ["pointerup", "pointercancel"]) {
    sheet.addEventListener(name, () => {
      if (drawing) send((kept = sheet.toDataURL("image/png")))
      drawing = false
    })
  }
  parent.querySelector("#clear").addEventListener("click", () => {
    paper(sheet)
    send((kept = null))
  })
  sheet.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files][0]
    if (!file) return
    const reader = new FileReader()
    reader.addEventListener("load", () => {
      const image = new Image()
      image.addEventListener("load", () => {
        const scale = Math.min(sheet.width / image.width, sheet.height / image.height)
        paper(sheet).drawImage(image, 0, 0, image.width * scale, image.height * scale)
        kept = sheet.toDataURL("image/png")
      })
      image.src = reader.result
      send(reader.result)
    })
    reader.readAsDataURL(file)
  })
}

export default function ({ parentElement, setStateValue }) {
  const sheet = parentElement.querySelector("#sheet")
  if (prepared.has(sheet)) return
  prepared.add(sheet)
  prepare(parentElement, (picture) => setStateValue("picture", picture))
}
