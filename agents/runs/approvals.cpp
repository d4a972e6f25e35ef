#include "agents/runs/approvals.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

Approvals::~Approvals() {
  for (auto& [call, entry] : entries_)
    if (entry.receipt) entry.receipt->set(false);
}

void Approvals::require(const std::string& call, Waiting waiting) {
  Entry entry;
  entry.waiting = std::move(waiting);
  entries_.insert_or_assign(call, std::move(entry));
}

void Approvals::recall_decided(const std::string& call) {
  Entry entry;
  entry.closed = true;
  entries_.emplace(call, std::move(entry));
}

Task<std::optional<Verdict>> Approvals::wait(std::string call, Stop& stop) {
  Entry& entry = entries_.at(call);
  if (!entry.verdict && !stop.requested()) {
    entry.wake = std::make_unique<OneShot<bool>>(loop_);
    auto hook = stop.on_request([&entry] { entry.wake->set(false); });
    co_await entry.wake->wait();
    hook.reset();
    entry.wake.reset();
  }
  entry.closed = true;
  co_return entry.verdict;
}

void Approvals::settled(const std::string& call, bool committed) {
  if (auto entry = entries_.find(call); entry != entries_.end() && entry->second.receipt)
    entry->second.receipt->set(committed);
}

const Approvals::Waiting* Approvals::waiting(const std::string& call) const {
  auto entry = entries_.find(call);
  bool open = entry != entries_.end() && !entry->second.closed && !entry->second.verdict;
  return open ? &entry->second.waiting : nullptr;
}

std::map<std::string, Approvals::Waiting> Approvals::waiting() const {
  std::map<std::string, Waiting> all;
  for (const auto& [call, entry] : entries_)
    if (!entry.closed && !entry.verdict) all.emplace(call, entry.waiting);
  return all;
}

bool Approvals::any_waiting() const {
  for (const auto& [call, entry] : entries_)
    if (!entry.closed && !entry.verdict) return true;
  return false;
}

Result<Approvals::Receipt> Approvals::decide(const std::string& call, Verdict verdict) {
  auto found = entries_.find(call);
  if (found == entries_.end())
    return fail(ErrorCode::not_found, fmt::format("no call `{}` waits for an approval", call));
  Entry& entry = found->second;
  if (entry.closed || entry.verdict)
    return fail(ErrorCode::conflict, fmt::format("the call `{}` is decided already", call));
  entry.verdict = std::move(verdict);
  entry.receipt = std::make_shared<OneShot<bool>>(loop_);
  if (entry.wake) entry.wake->set(true);
  return entry.receipt;
}

}  // namespace troupe::agents
