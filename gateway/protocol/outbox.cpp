#include "gateway/protocol/outbox.h"

#include <algorithm>
#include <optional>

namespace troupe::gateway {

namespace {

constexpr std::size_t kLookBack = 8;  // frames of other runs that may stand between two joined deltas
constexpr std::size_t kJoinedBytes = 32u << 10;  // one joined frame
constexpr std::size_t kMutedRuns = 1024;

bool is_delta(std::string_view type) {
  return type.ends_with(".delta");
}

// stream.reset is volatile, too, but a client that drew deltas must learn that they are void.
bool expendable(const Frame& frame) {
  return frame.is_volatile() && (is_delta(frame.type) || frame.type == "tool.progress");
}

// The characters of the last member `"text":"…"`, still escaped.
std::optional<std::string_view> last_text(std::string_view json) {
  constexpr std::string_view key = R"(,"text":")";
  const std::size_t at = json.find(key);  // values cannot hold it: their quotes are escaped
  if (at == json.npos) return std::nullopt;
  std::size_t i = at + key.size();
  while (i < json.size() && json[i] != '"') i += json[i] == '\\' ? 2 : 1;
  if (i + 2 != json.size() || json[i + 1] != '}') return std::nullopt;
  return json.substr(at + key.size(), i - at - key.size());
}

}  // namespace

bool join_texts(std::string& first, std::string_view second) {
  const auto more = last_text(second);
  if (!more || !last_text(first)) return false;
  first.insert(first.size() - 2, *more);
  return true;
}

bool Outbox::put(std::string text) {
  Item item;
  item.shared = std::make_shared<const std::string>(std::move(text));
  return push(std::move(item));
}

bool Outbox::put(const Frame& frame) {
  if (!expendable(frame)) {
    if (frame.type == "stream.reset") forget_step(frame.run, frame.step);
    unmute(frame);
  } else {
    if (muted(frame)) return true;
    if (bytes_ + frame.text->size() > limits_.delta_bytes) {
      give_up_deltas();
      if (is_delta(frame.type)) mute(frame.run, frame.step, frame.type);
      return true;
    }
    if (is_delta(frame.type) && join(frame)) return true;
  }
  return push({frame.text, {}, frame.type, frame.run, frame.step, expendable(frame)});
}

bool Outbox::push(Item item) {
  bytes_ += item.size();
  items_.push_back(std::move(item));
  return bytes_ <= limits_.bytes;
}

bool Outbox::join(const Frame& delta) {
  const std::size_t looked_at = std::min(items_.size(), kLookBack);
  for (std::size_t back = 1; back <= looked_at; ++back) {
    Item& item = items_[items_.size() - back];
    if (item.run != delta.run) continue;
    if (item.type != delta.type || item.step != delta.step || item.size() > kJoinedBytes) return false;
    if (item.shared) item.own = *item.shared;
    const std::size_t before = item.size();
    if (!join_texts(item.own, *delta.text)) return false;
    item.shared.reset();
    bytes_ += item.size() - before;
    return true;
  }
  return false;
}

void Outbox::give_up_deltas() {
  std::erase_if(items_, [this](const Item& item) {
    if (!item.expendable) return false;
    if (is_delta(item.type)) mute(item.run, item.step, item.type);
    bytes_ -= item.size();
    return true;
  });
}

void Outbox::forget_step(const std::string& run, int step) {
  std::erase_if(items_, [&](const Item& item) {
    if (!is_delta(item.type) || item.run != run || item.step != step) return false;
    bytes_ -= item.size();
    return true;
  });
}

bool Outbox::muted(const Frame& delta) const {
  auto it = muted_.find(delta.run);
  return it != muted_.end() && it->second.step == delta.step && it->second.type == delta.type;
}

void Outbox::mute(const std::string& run, int step, std::string_view type) {
  if (muted_.size() >= kMutedRuns) muted_.clear();
  muted_[run] = {step, type};
}

// The whole event has come, or the step begins anew, or the run is over.
void Outbox::unmute(const Frame& frame) {
  auto it = muted_.find(frame.run);
  if (it == muted_.end()) return;
  const bool whole = it->second.type.substr(0, it->second.type.rfind('.')) == frame.type;
  if (whole || frame.type == "stream.reset" || frame.type == "run.finished") muted_.erase(it);
}

std::vector<std::shared_ptr<const std::string>> Outbox::take(std::size_t bytes) {
  std::vector<std::shared_ptr<const std::string>> batch;
  std::size_t taken = 0;
  while (!items_.empty() && (batch.empty() || taken + items_.front().size() <= bytes)) {
    Item& item = items_.front();
    taken += item.size();
    batch.push_back(item.shared ? std::move(item.shared)
                                : std::make_shared<const std::string>(std::move(item.own)));
    items_.pop_front();
  }
  bytes_ -= taken;
  return batch;
}

void Outbox::clear() {
  items_.clear();
  bytes_ = 0;
}

}  // namespace troupe::gateway
