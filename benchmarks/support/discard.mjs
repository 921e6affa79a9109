// An exporter of one's own that does nothing with what it gets.
export default () => ({ export: () => {} })
