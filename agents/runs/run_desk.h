#pragma once

#include "agents/agent.h"
#include "agents/forks/fork.h"
#include "agents/runs/approval.h"
#include "models/message.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/ids.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/bus/bus.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

class PastDecisions;

/// A user's message on its way to becoming a run.
struct Submission {
  Principal principal;
  std::string session;     ///< must exist and belong to the principal's tenant
  std::string target;      ///< agent; "" = the session's, else the configuration's default
  std::string message_id;  ///< the client's own, unique in its session; "" = no idempotency
  std::string text;
  Json inputs = Json::object();
  std::vector<models::Image> attachments;
};

struct Accepted {
  std::string run;
  bool duplicate = false;      ///< this message_id was accepted before: no new run
  std::int64_t first_seq = 0;  ///< of a duplicate: its run's first event
};

enum class CancelMode { now, after_step };

/// What the ids of messages between agents begin with; a client's may not.
inline constexpr std::string_view kBusIds = "bus:";

/// The only way to start, watch and stop runs: the gateway, `troupe ask` and `troupe chat` all go through it.
/// Admission, idempotency, one run at a time per session, cancel and resume are decided here. Loop thread
/// only.
class RunDesk {
 public:
  virtual ~RunDesk() = default;

  /// Opens an existing session, or makes one when `session` is "". Errors: not_found (also for another
  /// tenant's session; also for an unknown target).
  virtual Task<Result<store::SessionRow>> open_session(Principal principal, std::string session,
                                                       std::string target) = 0;

  /// Returns once the message is committed ("accepted"): from then on no crash loses it. The run's events
  /// reach subscribers of its session; that may begin before this returns.
  /// Errors: not_found (session, target), invalid (empty or too large text), busy (queue full, when_busy:
  /// reject, disk full), unavailable (draining).
  virtual Task<Result<Accepted>> submit(Submission submission) = 0;

  /// Asks a run, or one of a team's members, to stop. Returns when the request is taken; `run.finished`
  /// follows once everything of the run has ended. Cancelling a finished run is not an error. Errors:
  /// not_found, unavailable (it is unfinished and this process has not taken it up).
  virtual Task<Result<>> cancel(Principal principal, std::string run, CancelMode mode) = 0;

  /// A person's decision about a call that waits for one. Returns once it is on disk; the first one counts.
  /// Errors: not_found (no such session or run, or no such call waits there), conflict (decided already),
  /// invalid (an edited input that the tool does not take; the call goes on waiting), unavailable (the daemon
  /// is stopping).
  virtual Task<Result<>> decide(Decision decision) = 0;
  /// The calls of a session that wait for a person now. Nothing for another tenant's.
  virtual std::vector<PendingApproval> pending(const Principal& principal,
                                               const std::string& session) const = 0;

  /// Goes on with a run as a new one, which waits for its turn when this returns; it names the one it comes
  /// from. Errors: not_found (the run, its target, a model), invalid (a step or call that it does not have; a
  /// run that is a part of a team's; one that came to its answer is resumed), busy (as submit(); it is still
  /// at work and is resumed), too_large (what is to be copied), unavailable, store.
  virtual Task<Result<Forked>> fork(ForkOrder order) = 0;

  /// A run of the principal's tenant. Errors: not_found.
  virtual Task<Result<store::RunRow>> find_run(Principal principal, std::string run) = 0;

  /// Deletes a session with all that was kept of its runs; a message that comes meanwhile is not_found.
  /// Errors: not_found (also for another tenant's), busy (a run of it is at work or waits, or its memory is
  /// being written), unavailable (runs of the last stop are still being taken up), store.
  virtual Task<Result<>> forget(Principal principal, std::string session) = 0;

  /// The journal that sessions are read and followed through (read_events, subscribe).
  virtual store::Journal& journal() = 0;

  struct Status {
    bool admitting = false;  ///< resume is done, not draining, disk takes writes
    std::string reason;      ///< why not
    std::size_t running = 0;
    std::size_t queued = 0;
    std::size_t sessions = 0;
  };
  virtual Status status() const = 0;
};

enum class WhenBusy { queue, reject };

struct DeskSettings {
  std::size_t runs_max = limits::kRuns;  ///< root runs at work at once
  std::size_t runs_per_tenant_max = limits::kRunsPerTenant;
  std::size_t queue_max = limits::kRunQueue;
  WhenBusy when_busy = WhenBusy::queue;  ///< a message while a run of its session is active
};

/// The catalog of an earlier configuration, by the hash that the runs begun under it bear. Errors: not_found
/// (it was not kept), invalid (it cannot be used any more: a secret, file or setting that is gone).
using CatalogFinder = std::function<Task<Result<std::shared_ptr<const Catalog>>>(std::string config)>;

/// The present configuration with another model for one agent. Errors: not_found (there is no such agent or
/// model), invalid.
using CatalogVariant =
    std::function<Task<Result<std::shared_ptr<const Catalog>>>(std::string agent, std::string model)>;

/// The desk of this process, over a journal that it is the only writer of. Loop thread only.
class LocalRunDesk : public RunDesk {
 public:
  /// Takes up every unfinished run of the journal, oldest first, through the normal admission and under the
  /// configuration it began with, which `earlier` finds when it is not today's; then admits new ones. A run
  /// whose configuration cannot be had stays unfinished in the journal, with the reason in the log, for a
  /// start that has what it needs. Errors: store.
  virtual Task<Result<>> resume(CatalogFinder earlier) = 0;
  /// How fork() finds what an order's `model` asks for; without it that is invalid.
  virtual void vary(CatalogVariant variant) = 0;
  /// From now on runs start from `catalog`; those at work end on the one they began with.
  virtual void replace_catalog(std::shared_ptr<const Catalog> catalog) = 0;
  /// Waits until memories have done what they do after the runs that have ended; what takes longer than
  /// `most` is stopped and done after a later run. Before a drain() without a grace.
  virtual Task<> settle(Milliseconds most) = 0;
  /// Admits nothing more; runs at work have until `grace` to end by themselves, then they stop where they
  /// are: the next start goes on with them. So do memories, which nobody waits for. Returns when nothing is
  /// at work.
  virtual Task<> drain(Milliseconds grace) = 0;
  /// Ends the grace of drain() now.
  virtual void hurry() = 0;
};

/// `loop`, `journal`, `bus` and `rng` outlive the desk; drain() must have returned before it is destroyed.
std::unique_ptr<LocalRunDesk> make_run_desk(Loop& loop, store::Journal& journal, bus::Bus& bus, Rng& rng,
                                            DeskSettings settings, std::shared_ptr<const Catalog> catalog);
/// One that executes recorded runs again: budgets decide as `past` says, which outlives it.
std::unique_ptr<LocalRunDesk> make_run_desk(Loop& loop, store::Journal& journal, bus::Bus& bus, Rng& rng,
                                            DeskSettings settings, std::shared_ptr<const Catalog> catalog,
                                            PastDecisions& past);

}  // namespace troupe::agents
