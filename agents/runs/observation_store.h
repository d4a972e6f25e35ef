#pragma once

#include "agents/react/observation.h"
#include "models/message.h"
#include "runtime/async/task.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::agents {

/// A tool's output that was too long for one observation.
struct StoredOutput {
  std::string cursor;  ///< the call it came from
  std::string blob;    ///< its text in the journal
  std::size_t bytes = 0;
};

/// A part of one, for an agent to read.
struct OutputPage {
  std::string text;
  std::size_t offset = 0;
  std::size_t next = 0;   ///< where to go on; 0 at the end
  std::size_t bytes = 0;  ///< of the whole
};

/// The part of `whole` from `offset` on that fits into `bytes_max`. Both ends are moved to borders of UTF-8
/// characters: the beginning back, the end back, but a page has at least one character while there is one.
OutputPage page_of(std::string_view whole, std::size_t offset, std::size_t bytes_max);

/// What a run's tools said beyond `limits.observation`, kept in the journal and read through `read_more`, a
/// tool that is offered once there is something to read. Bounded; loop thread only.
class ObservationStore {
 public:
  /// `page_max`: bytes of one page. `journal` outlives the store.
  ObservationStore(store::Journal& journal, std::size_t page_max);

  /// As a model is told about it.
  static const models::ToolDeclaration& declaration();

  bool empty() const { return outputs_.empty(); }
  const StoredOutput* find(const std::string& cursor) const;
  /// One that was kept before a restart.
  void restore(StoredOutput output);

  /// Keeps an output. Nothing when the run keeps too much already. Errors: store.
  Task<Result<std::optional<StoredOutput>>> keep(std::string call, std::string whole);

  struct Request {
    std::string cursor;
    std::size_t offset = 0;
  };
  /// Errors, written for the model: invalid (arguments that do not fit, an offset beyond the end), not_found
  /// (a cursor that was never given).
  Result<Request> check(Json arguments) const;
  /// Errors: store.
  Task<Result<OutputPage>> read(Request request) const;

 private:
  store::Journal& journal_;
  const std::size_t page_max_;
  std::map<std::string, StoredOutput> outputs_;
  std::size_t bytes_ = 0;
};

}  // namespace troupe::agents
