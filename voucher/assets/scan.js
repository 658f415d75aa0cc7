// Reads a voucher's QR with the camera of the phone, on the page that checks a code and on no other.
// Nothing is asked for or loaded before the button is pressed; no picture is kept or sent. Without this script, or
// without a camera, the code is typed.

import { fault, grouped } from './code.js'

const BETWEEN_LOOKS = 150
// Larger frames are made smaller before they are read: a code fills a good part of the picture anyway.
const WIDEST = 1280

// The code of a voucher: behind the # of our address, or bare; null for any other QR.
export function codeIn(text) {
  const typed = text.slice(text.lastIndexOf('#') + 1)
  return fault(typed) ? null : grouped(typed)
}

async function reader() {
  const qr = await import('./qr/reader/index.js')
  const overrides = { locateFile: (file) => new URL(`./qr/reader/${file}`, import.meta.url).href }
  await qr.prepareZXingModule({ overrides, fireImmediately: true })
  return (picture) => qr.readBarcodes(picture, { formats: ['QRCode'], tryHarder: true, maxNumberOfSymbols: 4 })
}

// <div data-scan data-scan-starting="…" …>: the sentences come from the page, in its language.
function watch(box) {
  const input = document.querySelector('input[data-code]')
  const [start, stop, video, news] = ['start', 'stop', 'video', 'news'].map((name) => box.querySelector(`[data-scan-${name}]`))
  const canvas = document.createElement('canvas')
  let stream, turn = 0

  const say = (name) => {
    const sentence = name ? box.getAttribute(`data-scan-${name}`) : ''
    // The same words again would be read out again.
    if (news.textContent !== sentence) news.textContent = sentence
  }

  function end() {
    turn += 1
    stream?.getTracks().forEach((track) => track.stop())
    stream = video.srcObject = null
    video.hidden = stop.hidden = true
    start.hidden = false
  }

  function picture() {
    const scale = Math.min(1, WIDEST / video.videoWidth)
    canvas.width = Math.round(video.videoWidth * scale)
    canvas.height = Math.round(video.videoHeight * scale)
    const pen = canvas.getContext('2d', { willReadFrequently: true })
    pen.drawImage(video, 0, 0, canvas.width, canvas.height)
    return pen.getImageData(0, 0, canvas.width, canvas.height)
  }

  async function look(read, own) {
    while (own === turn) {
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth) {
        const found = (await read(picture())).filter((each) => each.isValid)
        if (own !== turn) return
        const code = found.map((each) => codeIn(each.text)).find(Boolean)
        if (code) return take(code)
        if (found.length) say('other')
      }
      await new Promise((done) => setTimeout(done, BETWEEN_LOOKS))
    }
  }

  function take(code) {
    end()
    say('found')
    input.value = code
    input.form.requestSubmit()
  }

  const REFUSED = { NotAllowedError: 'refused', SecurityError: 'refused', NotFoundError: 'absent', OverconstrainedError: 'absent' }

  start.addEventListener('click', async () => {
    const own = ++turn
    start.hidden = true
    stop.hidden = false
    stop.focus()
    say('starting')
    try {
      const video_wanted = { facingMode: { ideal: 'environment' }, width: { ideal: WIDEST } }
      const [got, read] = await Promise.all([
        navigator.mediaDevices.getUserMedia({ video: video_wanted, audio: false }).then((each) => (stream = each)),
        reader(),
      ])
      if (own !== turn) return got.getTracks().forEach((track) => track.stop())
      video.srcObject = got
      video.hidden = false
      await video.play()
      say('looking')
      await look(read, own)
    } catch (problem) {
      if (own !== turn) return
      end()
      say(REFUSED[problem.name] || 'broken')
      input.focus()
    }
  })
  stop.addEventListener('click', () => {
    end()
    say('stopped')
    start.focus()
  })
  // Whoever turns to something else does not leave a camera on behind them.
  addEventListener('pagehide', end)
  document.addEventListener('visibilitychange', () => {
    if (document.hidden && stream) {
      end()
      say('stopped')
    }
  })

  box.hidden = false
  if (navigator.mediaDevices?.getUserMedia) start.hidden = false
  else say(window.isSecureContext ? 'absent' : 'insecure')
}

if (typeof document !== 'undefined') document.querySelectorAll('[data-scan]').forEach(watch)
