#include "runtime/base/fault.h"

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace troupe {

namespace fault_detail {

std::atomic<bool> g_armed{false};

}  // namespace fault_detail

namespace {

enum class Action { exit137, eio, enospc, delay };

struct Plan {
  std::string name;
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  Action action = Action::eio;
  std::chrono::milliseconds delay{0};
  std::uint64_t hits = 0;
};

// A fault belongs to the process, as the environment variable does, and is hit from any floor and thread.
std::mutex g_mutex;
std::vector<Plan> g_plans;  // guarded by g_mutex

std::string_view take(std::string_view& text, char until) {
  const auto at = text.find(until);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return part;
}

bool number(std::string_view text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool range(std::string_view text, Plan& plan) {
  if (text.ends_with('+')) {
    plan.last = std::numeric_limits<std::uint64_t>::max();
    return number(text.substr(0, text.size() - 1), plan.first) && plan.first > 0;
  }
  const std::string_view first = take(text, '-');
  if (!number(first, plan.first) || plan.first == 0) return false;
  if (!text.empty()) return number(text, plan.last) && plan.last >= plan.first;
  plan.last = plan.first;
  return true;
}

bool action(std::string_view text, Plan& plan) {
  const std::string_view word = take(text, ':');
  if (word == "delay") {
    std::uint64_t ms = 0;
    if (!number(text, ms) || ms > 60'000) return false;
    plan.action = Action::delay;
    plan.delay = std::chrono::milliseconds(ms);
    return true;
  }
  if (!text.empty()) return false;
  if (word == "exit137")
    plan.action = Action::exit137;
  else if (word == "eio")
    plan.action = Action::eio;
  else if (word == "enospc")
    plan.action = Action::enospc;
  else
    return false;
  return true;
}

}  // namespace

namespace fault_detail {

Fault hit(std::string_view name) {
  std::chrono::milliseconds delay{0};
  Fault fault = Fault::none;
  {
    std::lock_guard lock(g_mutex);
    for (Plan& plan : g_plans) {
      if (plan.name != name) continue;
      ++plan.hits;
      if (plan.hits < plan.first || plan.hits > plan.last) continue;
      switch (plan.action) {
        case Action::exit137:
          _exit(137);
        case Action::eio:
          fault = Fault::eio;
          break;
        case Action::enospc:
          fault = Fault::enospc;
          break;
        case Action::delay:
          delay += plan.delay;
          break;
      }
    }
  }
  if (delay.count() > 0) std::this_thread::sleep_for(delay);
  return fault;
}

}  // namespace fault_detail

Result<> arm_faults(std::string_view spec) {
  std::vector<Plan> plans;
  while (!spec.empty()) {
    const std::string_view part = take(spec, ',');
    std::string_view rest = part;
    Plan plan;
    plan.name = take(rest, ':');
    const std::string_view nth = take(rest, ':');
    if (plan.name.empty() || !range(nth, plan) || !action(rest, plan))
      return fail(ErrorCode::invalid,
                  "fault `" + std::string(part) +
                      "`: expected name:nth:action, where nth is 3, 3-5 or 3+ and action is "
                      "exit137, eio, enospc or delay:MS");
    plans.push_back(std::move(plan));
  }
  std::lock_guard lock(g_mutex);
  g_plans = std::move(plans);
  fault_detail::g_armed = !g_plans.empty();
  return {};
}

Result<> arm_faults_from_environment() {
  const char* spec = std::getenv("TROUPE_FAULT");
  auto armed = arm_faults(spec ? spec : "");
  if (!armed) return within("environment variable TROUPE_FAULT", std::move(armed.error()));
  return {};
}

}  // namespace troupe
