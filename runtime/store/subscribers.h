#pragma once

#include "runtime/store/journal.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::store {

/// Who follows which session. A subscriber may subscribe and unsubscribe (itself and others) from within
/// on_frame: who left gets nothing more, who came gets the next frame. Loop thread only. Shared with its
/// subscriptions, which may outlive the journal.
class Subscribers : public std::enable_shared_from_this<Subscribers> {
 public:
  std::unique_ptr<Journal::Subscription> add(const std::string& session, Subscriber& subscriber);
  bool any(const std::string& session) const { return channels_.contains(session); }
  void publish(const Frame& frame);

 private:
  class Handle;
  struct Channel {
    std::vector<Subscriber*> slots;  // null: left while a frame was on its way
    int publishing = 0;
    bool holes = false;
  };

  void remove(const std::string& session, Subscriber* subscriber);
  void tidy(const std::string& session, Channel& channel);

  std::unordered_map<std::string, Channel> channels_;
};

}  // namespace troupe::store
