#include "registry.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "copies.h"

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace offloop {

namespace {

int OsThreadId() noexcept {
#if defined(__linux__)
  return static_cast<int>(syscall(SYS_gettid));
#else
  return 0;
#endif
}

}  // namespace

Registry& Registry::Instance() noexcept {
  static Registry& instance = copies::SharedRegistry();
  return instance;
}

uint32_t Registry::Add(int thread_id, std::string thread_name, std::shared_ptr<void> memory,
                       Probe* probe) noexcept {
  std::lock_guard lock(mutex_);
  // Before anybody can ask it.
  probe->id_ = next_id_++;
  entries_.push_back({probe->id_, thread_id, std::move(thread_name), OsThreadId(), std::move(memory), probe});
  ++generation_;
  return probe->id_;
}

void Registry::Remove(uint32_t id, const Block& block) noexcept {
  std::lock_guard lock(mutex_);
  for (size_t index = 0; index < kBlockLength; ++index) {
    const double value = block.Get(index);
    // NaN is "not counted": it would be the end of the total.
    if (IsCounter(index) && !std::isnan(value)) ended_[index] += value;
  }
  std::erase_if(entries_, [id](const ProbeEntry& entry) { return entry.id == id; });
  ++generation_;
}

std::array<double, kBlockLength> Registry::EndedTotals() noexcept {
  std::lock_guard lock(mutex_);
  return ended_;
}

uint32_t Registry::Generation() noexcept {
  std::lock_guard lock(mutex_);
  return generation_;
}

std::vector<ProbeEntry> Registry::List() noexcept {
  std::lock_guard lock(mutex_);
  return entries_;
}

uint32_t Registry::NextRequest() noexcept {
  // 0 means "never asked"; 4 billion requests are 1,300 years of one every 10 s, and 49 days of one a millisecond.
  if (++last_request_ == 0) ++last_request_;
  return last_request_;
}

uint32_t Registry::RequestAll() noexcept {
  std::lock_guard lock(mutex_);
  const uint32_t number = NextRequest();
  for (const ProbeEntry& entry : entries_) entry.probe->Request(number);
  return number;
}

Registry::Asked Registry::RequestOutdated() noexcept {
  std::lock_guard lock(mutex_);
  Asked asked{.number = NextRequest(), .current = {}};
  for (const ProbeEntry& entry : entries_) {
    if (entry.probe->IsCurrent()) {
      asked.current.push_back(entry.id);
    } else {
      entry.probe->Request(asked.number);
    }
  }
  return asked;
}

std::vector<std::pair<uint32_t, uint64_t>> Registry::IdleNs() noexcept {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<uint32_t, uint64_t>> idle;
  idle.reserve(entries_.size());
  for (const ProbeEntry& entry : entries_) idle.emplace_back(entry.id, entry.probe->IdleNs());
  return idle;
}

void Registry::Look(bool workers, double at_ns, std::vector<LoopLook>& looks) noexcept {
  std::lock_guard lock(mutex_);
  looks.clear();
  for (const ProbeEntry& entry : entries_) {
    if (entry.thread_id != 0 && !workers) continue;
    LoopLook look{.id = static_cast<double>(entry.id), .thread_id = static_cast<double>(entry.thread_id)};
    const auto idle_ns = static_cast<double>(entry.probe->IdleNs());
    if (LookAtLoop(entry.probe->View(), at_ns, idle_ns, look)) looks.push_back(look);
  }
}

Probe* Registry::Find(uint32_t id) noexcept {
  for (const ProbeEntry& entry : entries_) {
    if (entry.id == id) return entry.probe;
  }
  return nullptr;
}

void Registry::AskStack(uint32_t id, double turn_ns) noexcept {
  std::lock_guard lock(mutex_);
  if (Probe* probe = Find(id)) probe->AskStack(turn_ns);
}

std::optional<Stack> Registry::TakeStack(uint32_t id) noexcept {
  std::lock_guard lock(mutex_);
  Probe* probe = Find(id);
  return probe == nullptr ? std::nullopt : probe->TakeStack();
}

}  // namespace offloop
