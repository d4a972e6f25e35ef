#pragma once

#include "agents/agent.h"
#include "agents/runs/run_driver.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// A run on its way to be at work: what its target needs for it, looked up and checked. Used once.
class RunStart {
 public:
  virtual ~RunStart() = default;
  /// `row` as committed; `started`: with its run.started. `stop` outlives the driver.
  virtual std::unique_ptr<RunDriver> begin(RunServices services, store::RunRow row, bool started,
                                           Stop& stop) = 0;
};

/// What a run can be asked of, by its name in the namespace "targets". Immutable; a run keeps the one it
/// began with.
class RunTarget {
 public:
  virtual ~RunTarget() = default;

  /// A new run of the message `text` with these inputs. Errors: invalid (an input that is missing).
  virtual Result<std::unique_ptr<RunStart>> accept(const std::string& text, const Json& inputs) const = 0;
  /// A run that the journal has unfinished. Errors: as accept(), and store (a fact that does not parse).
  virtual Result<std::unique_ptr<RunStart>> take_up(const store::RunRow& row, const Json& inputs,
                                                    const std::vector<store::Fact>& facts,
                                                    const std::vector<Frame>& events) const = 0;
};

/// What a run was given beside its message, as its row has it.
Json inputs_of(const store::RunRow& row);

/// RunTarget::take_up() with what the journal has of the run. Errors: as that, and those of the journal.
Task<Result<std::unique_ptr<RunStart>>> take_up_from(store::Journal& journal, const RunTarget& target,
                                                     store::RunRow row, Json inputs);

/// Null: there is none of that name.
std::shared_ptr<const RunTarget> find_target(const Catalog& catalog, std::string_view name);
/// Of all that runs can be asked of.
std::vector<std::string> target_names(const Catalog& catalog);

}  // namespace troupe::agents
