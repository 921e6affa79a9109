import { createHash } from 'node:crypto'
import type { Reply } from './reply'

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:3em auto;padding:0 1em}dt{margin-top:1em}'
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

const BODY = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>offloop</title>
<style>${STYLE}</style>
</head>
<body>
<h1>offloop</h1>
<dl>
<dt><a href="/metrics">/metrics</a></dt>
<dd>All metrics as they are now: Prometheus text, or OpenMetrics where <code>Accept</code> asks for it.</dd>
<dt><code>/v1/query?metric=&amp;start=&amp;end=</code></dt>
<dd>All points of a metric, by default of the last hour:
<a href="/v1/query?metric=nodejs_heap_size_used_bytes">used heap</a>. Times are RFC 3339.</dd>
<dt><code>/v1/query/range?metric=&amp;start=&amp;end=&amp;maxPoints=</code></dt>
<dd>The same by series, with as many points as a chart has room for:
<a href="/v1/query/range?metric=nodejs_gc_pause_seconds_total">garbage collection pauses</a>.</dd>
<dt><a href="/v1/stalls">/v1/stalls</a></dt>
<dd>When the event loop was stuck, for how long and in what; it may be now.</dd>
<dt><a href="/healthz">/healthz</a></dt>
<dd>Whether the sampling thread runs.</dd>
</dl>
</body>
</html>
`

/** What is here, for people. */
export const page: Reply = {
  status: 200,
  type: 'text/html; charset=utf-8',
  body: BODY,
  headers: {
    'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'Referrer-Policy': 'no-referrer',
  },
}
