// Keeps what is typed from a paper list while there is no signal: on this device, until the list is entered or the
// browser is closed. Codes and PINs are never kept. Without this script the page works as any other.

const form = document.querySelector('[data-paper-list]')
const key = `paper-list:${location.pathname}`

if (form) {
  const news = form.querySelector('[data-paper-list-news]')
  const fields = () => [...form.elements].filter(({ name, type, dataset }) => name && !['hidden', 'password'].includes(type) && !('notKept' in dataset))

  const kept = () => {
    try {
      return JSON.parse(sessionStorage.getItem(key)) || {}
    } catch {
      return {}
    }
  }

  if ('paperListEntered' in form.dataset) sessionStorage.removeItem(key)
  // After a page with something to mend the server has written back what was typed.
  else if (!document.querySelector('[data-error-summary]')) {
    const typed = kept()
    const back = fields().filter(({ name, value }) => name in typed && typed[name] !== value)
    for (const field of back) {
      field.value = typed[field.name]
      field.closest('details')?.setAttribute('open', '')
    }
    if (back.length) news.textContent = news.dataset.kept
  }

  form.addEventListener('input', () => {
    // A long list has several pages: what was typed on another one stays.
    const typed = Object.fromEntries(fields().map(({ name, value }) => [name, value]))
    sessionStorage.setItem(key, JSON.stringify({ ...kept(), ...typed }))
  })
  form.addEventListener('submit', (event) => {
    if (navigator.onLine) return
    event.preventDefault()
    news.textContent = ''
    news.textContent = news.dataset.offline
  })
}
