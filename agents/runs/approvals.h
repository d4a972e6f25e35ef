#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace troupe::agents {

/// What was decided about a call.
struct Verdict {
  bool approved = false;
  std::optional<Json> input;  ///< instead of the model's own
  std::string reason;
  std::string by;
  bool stop = false;  ///< nobody decided in time, and the run ends of it
};

/// The calls of one run that wait, or waited, for a person. The first decision counts: from decide() on it
/// stands, whether or not it is on disk yet; who decided is told once it is. Loop thread only.
class Approvals {
 public:
  explicit Approvals(Loop& loop) : loop_(loop) {}
  ~Approvals();
  Approvals(const Approvals&) = delete;
  Approvals& operator=(const Approvals&) = delete;

  struct Waiting {
    std::string tool;
    Json input;
    bool asks = false;   ///< it is a question, which an answer approves
    bool again = false;  ///< it may have been made before: see unknown_outcome.h
  };

  /// From now on the call waits, also where it was decided before.
  void require(const std::string& call, Waiting waiting);
  /// Waits for the decision; nothing when `stop` came first, and then nobody can decide any more.
  Task<std::optional<Verdict>> wait(std::string call, Stop& stop);
  /// The decision that wait() gave was committed, or will not be.
  void settled(const std::string& call, bool committed);

  /// What waits under this id. nullptr: nothing, or it is decided.
  const Waiting* waiting(const std::string& call) const;
  /// All that wait, by call.
  std::map<std::string, Waiting> waiting() const;
  bool any_waiting() const;

  /// Set to whether the decision is on disk; outlives the run if it must.
  using Receipt = std::shared_ptr<OneShot<bool>>;
  /// Errors: not_found (no such call waited here), conflict (decided already, or the run stopped waiting).
  Result<Receipt> decide(const std::string& call, Verdict verdict);
  /// A call that was decided in an earlier process, for the answer to who comes late.
  void recall_decided(const std::string& call);

 private:
  struct Entry {
    Waiting waiting;
    std::unique_ptr<OneShot<bool>> wake;  // while the call's coroutine waits
    std::optional<Verdict> verdict;
    Receipt receipt;
    bool closed = false;
  };

  Loop& loop_;
  std::map<std::string, Entry> entries_;
};

}  // namespace troupe::agents
