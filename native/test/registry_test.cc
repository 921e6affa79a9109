#include "registry.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "test_block.h"

using namespace offloop;

namespace {

// Remembers what it was asked. Touching one that is gone is a use after free, which ASan reports.
class FakeProbe final : public Probe {
 public:
  void Request(uint32_t number) noexcept override {
    last = number;
    if (id() == 0) asked_without_id = true;
  }
  std::atomic<bool> asked_without_id{false};
  bool IsCurrent() noexcept override { return current; }
  uint64_t IdleNs() noexcept override { return 7; }
  Block View() const noexcept override { return own.block; }
  mutable TestBlock own;
  std::atomic<bool> current{false};
  void AskStack(double turn_ns) noexcept override {
    asked_turn_ns = turn_ns;
    if (id() == 0) asked_without_id = true;
  }
  std::optional<Stack> TakeStack() noexcept override { return Stack{}; }
  double asked_turn_ns = 0;
  std::atomic<uint32_t> last{0};
};

}  // namespace

TEST_CASE("probes are listed, asked and forgotten") {
  Registry registry;
  FakeProbe one;
  FakeProbe two;
  const uint32_t first = registry.Add(0, "main", nullptr, &one);
  const uint32_t second = registry.Add(3, "pool", nullptr, &two);
  CHECK(first != second);
  const auto entries = registry.List();
  REQUIRE(entries.size() == 2);
  CHECK(entries[1].thread_id == 3);
  CHECK(entries[1].thread_name == "pool");
#ifdef __linux__
  CHECK(entries[1].os_thread_id > 0);
#endif

  const uint32_t request = registry.RequestAll();
  CHECK(one.last == request);
  CHECK(two.last == request);

  registry.Remove(first, TestBlock().block);
  CHECK(registry.RequestAll() != request);
  CHECK(one.last == request);
  CHECK(registry.List().size() == 1);
}

TEST_CASE("a probe whose answer is current is not asked") {
  Registry registry;
  FakeProbe busy;
  FakeProbe asleep;
  registry.Add(0, "main", nullptr, &busy);
  const uint32_t id = registry.Add(3, "pool", nullptr, &asleep);
  asleep.current = true;
  const Registry::Asked asked = registry.RequestOutdated();
  CHECK(busy.last == asked.number);
  CHECK(asleep.last == 0);
  CHECK(asked.current == std::vector<uint32_t>{id});
  CHECK(registry.RequestAll() == asked.number + 1);
  CHECK(asleep.last == asked.number + 1);
}

TEST_CASE("the generation changes with the list, and ids are not used again") {
  Registry registry;
  FakeProbe probe;
  const uint32_t empty = registry.Generation();
  const uint32_t id = registry.Add(0, "", nullptr, &probe);
  const uint32_t one = registry.Generation();
  CHECK(one != empty);
  registry.Remove(id, TestBlock().block);
  CHECK(registry.Generation() != one);
  CHECK(registry.Add(0, "", nullptr, &probe) != id);
}

TEST_CASE("a stack is asked of one probe, and of none that is gone") {
  Registry registry;
  FakeProbe one;
  FakeProbe two;
  registry.Add(0, "main", nullptr, &one);
  const uint32_t id = registry.Add(3, "pool", nullptr, &two);
  registry.AskStack(id, 5);
  CHECK(one.asked_turn_ns == 0);
  CHECK(two.asked_turn_ns == 5);
  CHECK(registry.TakeStack(id).has_value());
  registry.Remove(id, TestBlock().block);
  registry.AskStack(id, 6);
  CHECK(two.asked_turn_ns == 5);
  CHECK_FALSE(registry.TakeStack(id).has_value());
}

TEST_CASE("a block's memory outlives its probe for whoever holds it") {
  Registry registry;
  FakeProbe probe;
  auto memory = std::make_shared<int>(42);
  const uint32_t id = registry.Add(0, "", memory, &probe);
  auto held = registry.List()[0].memory;
  registry.Remove(id, TestBlock().block);
  memory.reset();
  CHECK(*std::static_pointer_cast<int>(held) == 42);
}

TEST_CASE("probes come and go while another thread asks") {
  Registry registry;
  std::atomic<bool> done{false};
  std::atomic<bool> asked_without_id{false};
  std::thread sampler([&] {
    while (!done) {
      registry.RequestAll();
      for (const ProbeEntry& entry : registry.List()) registry.AskStack(entry.id, 1);
    }
  });
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&registry, &asked_without_id] {
      for (int i = 0; i < 500; ++i) {
        auto probe = std::make_unique<FakeProbe>();
        const uint32_t id = registry.Add(i, "worker", nullptr, probe.get());
        if (probe->id() != id) asked_without_id = true;
        registry.Remove(id, TestBlock().block);
        if (probe->asked_without_id) asked_without_id = true;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  done = true;
  sampler.join();
  CHECK(registry.List().empty());
  // It could not tell its own interrupt from another's.
  CHECK_FALSE(asked_without_id);
}

TEST_CASE("what ended threads counted is kept, and their current figures are not") {
  Registry registry;
  FakeProbe probe;
  for (int thread = 1; thread <= 3; ++thread) {
    TestBlock test;
    const uint32_t id = registry.Add(thread, "", nullptr, &probe);
    {
      Block::Update update(test.block);
      update.Set(k_gcCycles, thread);
      update.Set(k_gcWeakCallbackNs, 10);
      update.Set(k_heapUsedBytes, 1e6);
    }
    registry.Remove(id, test.block);
  }
  const auto ended = registry.EndedTotals();
  CHECK(ended[k_gcCycles] == 6);
  CHECK(ended[k_gcWeakCallbackNs] == 30);
  CHECK(ended[k_heapUsedBytes] == 0);
}

TEST_CASE("a look sees the main thread alone, or all, but none in the midst of an update") {
  Registry registry;
  FakeProbe main;
  FakeProbe worker;
  const uint32_t first = registry.Add(0, "main", nullptr, &main);
  const uint32_t second = registry.Add(3, "pool", nullptr, &worker);
  std::vector<LoopLook> looks;
  const auto seen = [&](bool workers) {
    registry.Look(workers, 10, looks);
    std::vector<uint32_t> ids;
    for (const LoopLook& look : looks) ids.push_back(static_cast<uint32_t>(look.id));
    return ids;
  };
  CHECK(seen(false) == std::vector<uint32_t>{first});
  CHECK(seen(true) == std::vector<uint32_t>{first, second});
  CHECK(looks[1].thread_id == 3);
  CHECK(looks[1].idle_ns == 7);
  {
    Block::Update update(main.own.block);
    CHECK(seen(true) == std::vector<uint32_t>{second});
  }
  CHECK(seen(false) == std::vector<uint32_t>{first});
}
