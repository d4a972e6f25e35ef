#include "runtime/store/subscribers.h"

#include <algorithm>

namespace troupe::store {

class Subscribers::Handle final : public Journal::Subscription {
 public:
  Handle(std::shared_ptr<Subscribers> all, std::string session, Subscriber* subscriber)
      : all_(std::move(all)), session_(std::move(session)), subscriber_(subscriber) {}
  ~Handle() override { all_->remove(session_, subscriber_); }

 private:
  std::shared_ptr<Subscribers> all_;
  std::string session_;
  Subscriber* subscriber_;
};

std::unique_ptr<Journal::Subscription> Subscribers::add(const std::string& session, Subscriber& subscriber) {
  channels_[session].slots.push_back(&subscriber);
  return std::make_unique<Handle>(shared_from_this(), session, &subscriber);
}

void Subscribers::publish(const Frame& frame) {
  auto found = channels_.find(frame.session);
  if (found == channels_.end()) return;
  // References into an unordered_map survive insertions, and tidy() erases a channel only when nobody
  // publishes on it.
  Channel& channel = found->second;
  ++channel.publishing;
  for (std::size_t i = 0, end = channel.slots.size(); i < end; ++i) {
    if (channel.slots[i]) channel.slots[i]->on_frame(frame);
  }
  --channel.publishing;
  tidy(frame.session, channel);
}

void Subscribers::remove(const std::string& session, Subscriber* subscriber) {
  auto found = channels_.find(session);
  if (found == channels_.end()) return;
  Channel& channel = found->second;
  auto slot = std::find(channel.slots.begin(), channel.slots.end(), subscriber);
  if (slot == channel.slots.end()) return;
  *slot = nullptr;
  channel.holes = true;
  tidy(session, channel);
}

void Subscribers::tidy(const std::string& session, Channel& channel) {
  if (channel.publishing > 0 || !channel.holes) return;
  std::erase(channel.slots, nullptr);
  channel.holes = false;
  if (channel.slots.empty()) channels_.erase(session);
}

}  // namespace troupe::store
