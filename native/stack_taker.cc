#include "stack_taker.h"

#include <v8.h>

#include <algorithm>
#include <cstddef>

namespace offloop {

namespace {

constexpr int kMaxFrames = 64;
constexpr size_t kMaxFunctionName = 200;
constexpr size_t kMaxFile = 1000;
// A longer one would be made flat and copied whole before it could be cut.
constexpr int kMaxCopied = 64 * 1024;

std::string Text(v8::Isolate* isolate, v8::Local<v8::String> string, size_t most) noexcept {
  if (string.IsEmpty() || string->Length() > kMaxCopied) return {};
  const v8::String::Utf8Value utf8(isolate, string);
  if (*utf8 == nullptr) return {};
  size_t length = std::min(static_cast<size_t>(utf8.length()), most);
  // Not in the middle of a character.
  while (length > 0 && length < static_cast<size_t>(utf8.length()) && ((*utf8)[length] & 0xC0) == 0x80)
    --length;
  return {*utf8, length};
}

}  // namespace

// V8 runs interrupts where it could collect garbage as well, so the few kilobytes that its StackTrace takes of the heap
// are allowed. No JavaScript runs: names are read, not computed. Where V8 needs the lines of a script for the first time
// it looks through its source, 1 ms for a megabyte.
Stack CurrentStack(v8::Isolate* isolate, uint64_t now_ns) noexcept {
  v8::HandleScope scope(isolate);
  // Across security origins: a context of node:vm is as much the application's.
  constexpr auto kOptions = static_cast<v8::StackTrace::StackTraceOptions>(
      v8::StackTrace::kDetailed | v8::StackTrace::kExposeFramesAcrossSecurityOrigins);
  const v8::Local<v8::StackTrace> trace = v8::StackTrace::CurrentStackTrace(isolate, kMaxFrames, kOptions);
  Stack stack;
  stack.taken_at_ns = now_ns;
  for (int index = 0; index < trace->GetFrameCount(); ++index) {
    const v8::Local<v8::StackFrame> frame = trace->GetFrame(isolate, static_cast<uint32_t>(index));
    stack.frames.push_back({Text(isolate, frame->GetFunctionName(), kMaxFunctionName),
                            Text(isolate, frame->GetScriptNameOrSourceURL(), kMaxFile),
                            frame->GetLineNumber(), frame->GetColumn()});
  }
  return stack;
}

}  // namespace offloop
