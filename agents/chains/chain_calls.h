#pragma once

#include "agents/chains/chain.h"
#include "memory/knowledge/search/hit.h"
#include "models/message.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// Why a chain ended before its last step.
struct ChainEnd {
  std::string_view status;  ///< a literal: failed, limit, cancelled
  std::string_view reason;  ///< a literal of docs/protocol.md
  std::string detail;       ///< for people
  bool too_large = false;   ///< a model said that its request was too long
};

template <class T>
using Chained = std::expected<T, ChainEnd>;

/// One call of a model.
struct ChainCall {
  std::string key;  ///< which of the chain's calls it is: the same in every process
  int step = 0;     ///< of the chain, from 1
  std::shared_ptr<const ChainModel> model;
  std::vector<models::Message> messages;
  models::Intent intent = models::Intent::step;
  std::string schema;    ///< that the reply must fit, or ""
  bool answers = false;  ///< its reply is the answer: it is shown while it is written
};

/// One search in a knowledge base.
struct ChainSearch {
  std::string key;
  int step = 0;
  std::string knowledge;
  std::string query;
  memory::SearchOverrides overrides;
};

/// How a chain reaches models and knowledge. A call that was answered in an earlier process is answered with
/// the same again. Loop thread only; concurrent calls are fine.
class ChainCalls {
 public:
  virtual ~ChainCalls() = default;

  /// Ends: limit (tokens, cost, calls), failed (model_error), cancelled (the stop).
  virtual Task<Chained<models::ModelReply>> ask(ChainCall call, Stop& stop) = 0;
  /// Ends: failed (tool_error), cancelled.
  virtual Task<Chained<std::vector<memory::Hit>>> search(ChainSearch search, Stop& stop) = 0;
  /// The conversation before this message, oldest first. Ends: failed (internal).
  virtual Task<Chained<std::vector<models::Message>>> history() = 0;

  /// A decision that later calls depend on and that could come out differently in another process; nothing
  /// when it was not taken yet.
  virtual std::optional<Json> decided(const std::string& key) const = 0;
  virtual void decide(const std::string& key, int step, Json what) = 0;

  /// Something that was done otherwise than asked for. `key`: told once, also over processes.
  virtual void warn(const std::string& key, int step, std::string_view code, std::string text) = 0;
};

}  // namespace troupe::agents
