// Checks a voucher's code in the browser, before anything is sent: a slip of the finger is said beside the field
// and never counts as a try. The same sum as voucher/codes.py; tests/voucher/code_cases.json holds both to it.
// Without this script the server says the same sentences.

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LENGTH = 12

export function normalise(text) {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\-‐‑‒–—−._]+/g, '')
    .replace(/[IL]/g, '1')
    .replace(/O/g, '0')
}

export function checkSymbol(body) {
  let total = 0
  for (const symbol of [...body].reverse()) {
    total = (total ^ ALPHABET.indexOf(symbol)) << 1
    if (total & 32) total ^= 37
  }
  return ALPHABET[total]
}

// "empty", "symbol", "short", "long", "check", or null for a code that could exist.
export function fault(text) {
  const code = normalise(text)
  if (!code) return 'empty'
  if ([...code].some((symbol) => !ALPHABET.includes(symbol))) return 'symbol'
  if (code.length !== LENGTH) return code.length < LENGTH ? 'short' : 'long'
  return checkSymbol(code.slice(0, -1)) === code.slice(-1) ? null : 'check'
}

export function grouped(text) {
  return (normalise(text).match(/.{1,4}/g) || []).join('-')
}

// <input data-code data-code-empty="…" data-code-short="…" …>: the sentences come from the page, in its language.
function watch(input) {
  const form = input.form
  const group = input.closest('.govuk-form-group')
  const id = `${input.id}-fault`

  function describe(added) {
    const present = (input.getAttribute('aria-describedby') || '').split(' ').filter((part) => document.getElementById(part))
    if (added) present.push(added)
    if (present.length) input.setAttribute('aria-describedby', present.join(' '))
    else input.removeAttribute('aria-describedby')
  }

  function clear() {
    // The server's own sentence about what was typed before goes too: it is no longer about this code.
    group?.querySelectorAll('.govuk-error-message').forEach((line) => line.remove())
    group?.classList.remove('govuk-form-group--error')
    input.classList.remove('govuk-input--error')
    input.removeAttribute('aria-invalid')
    describe()
  }

  function say(sentence) {
    clear()
    const line = document.createElement('p')
    line.id = id
    line.className = 'govuk-error-message'
    line.setAttribute('role', 'alert')
    line.textContent = sentence
    input.before(line)
    group?.classList.add('govuk-form-group--error')
    input.classList.add('govuk-input--error')
    input.setAttribute('aria-invalid', 'true')
    describe(id)
  }

  const sentence = (found) => input.getAttribute(`data-code-${found}`)
  // A hand scanner types the whole address of the QR: the code is what follows its #.
  const typed = () => input.value.slice(input.value.lastIndexOf('#') + 1)

  form?.addEventListener('submit', (event) => {
    const found = fault(typed())
    // After a check that was good the box may stay empty: the server still knows which code it was.
    if (!found || (found === 'empty' && input.hasAttribute('data-code-kept'))) return
    event.preventDefault()
    say(sentence(found))
    input.focus()
  })
  // The sentence goes while the code is being mended, never as the pointer is on its way to the button: the page
  // would move under it and the press would miss.
  input.addEventListener('input', () => {
    if (input.hasAttribute('aria-invalid') && !fault(typed())) clear()
  })
  input.addEventListener('change', () => {
    if (!fault(typed())) input.value = grouped(typed())
  })
}

if (typeof document !== 'undefined') {
  // A voucher's QR opens /v/#CODE: what follows # stays in the browser and never reaches a log.
  document.querySelectorAll('input[data-code]').forEach((input) => {
    watch(input)
    if (location.hash.length > 1 && !input.value && input.hasAttribute('data-code-from-address')) {
      input.value = grouped(location.hash.slice(1))
      history.replaceState(null, '', location.pathname + location.search)
    }
  })
  // Where somebody first says whose code it is, it goes along behind the #.
  document.querySelectorAll('a[data-keep-code]').forEach((link) => {
    link.hash = location.hash
  })
}
