// Streamlit calls the function again after every answer; the sheet must keep its drawing, so the
// listeners are put on once.

const prepared = new WeakSet()

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

function prepare(parent, tell) {
  const sheet = parent.querySelector("#sheet")
  const width = parent.querySelector("#width")
  const pen = paper(sheet)
  let drawing = false

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
      if (drawing) tell(sheet.toDataURL("image/png"))
      drawing = false
    })
  }
  parent.querySelector("#clear").addEventListener("click", () => {
    paper(sheet)
    tell(null)
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
      })
      image.src = reader.result
      tell(reader.result)
    })
    reader.readAsDataURL(file)
  })
}

export default function ({ parentElement, setStateValue }) {
  if (prepared.has(parentElement)) return
  prepared.add(parentElement)
  prepare(parentElement, (picture) => setStateValue("picture", picture))
}
