#pragma once

#include "runtime/store/journal.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::simulation {

/// One client and what it knows: it keeps what it saw whatever becomes of the daemon.
class Conversation final : public store::Subscriber {
 public:
  struct Message {
    std::string id;
    std::string text;
    std::string run;  ///< "": not acknowledged yet
    bool acknowledged() const { return !run.empty(); }
  };

  explicit Conversation(std::string target) : target(std::move(target)) {}

  /// Listens from now on; what was missed is to be read after that.
  void listen(store::Journal& journal) { subscription_ = journal.subscribe(session, *this); }
  void leave() { subscription_.reset(); }
  void on_frame(const Frame& frame) override;

  std::int64_t last() const { return static_cast<std::int64_t>(seen.size()); }
  bool finished(const std::string& run) const;
  bool over() const;

  std::string target;
  std::string session;  ///< "": none was opened yet
  std::vector<Message> messages;
  std::vector<Frame> seen;  ///< journaled ones, the one with seq n at n - 1
  std::vector<std::string> wrong;

 private:
  std::unique_ptr<store::Journal::Subscription> subscription_;
};

}  // namespace troupe::simulation
