import type { Api } from './api'
import { the } from './dom'

/** Asks for the token of `serve.token`; resolves when one was given, right or not. */
export function askToken(api: Api): Promise<void> {
  const form = the<HTMLFormElement>('token-form')
  const input = the<HTMLInputElement>('token')
  const wrong = api.hasToken
  api.token = undefined
  the('token-wrong').hidden = !wrong
  input.setAttribute('aria-invalid', String(wrong))
  form.hidden = false
  the('page').hidden = true
  input.value = ''
  input.focus()
  return new Promise((resolve) => {
    form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault()
        api.token = sendable(input.value.trim()) ? input.value.trim() : '-'
        resolve()
      },
      { once: true },
    )
  })
}

export function hideToken(): void {
  the('token-form').hidden = true
  the('page').hidden = false
}

/** What a header can't hold is nobody's token. */
function sendable(token: string): boolean {
  try {
    return new Headers({ Authorization: `Bearer ${token}` }).has('Authorization') && token !== ''
  } catch {
    return false
  }
}
