#pragma once

#include "models/message.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::models {

/// Receives a reply as the model writes it. Loop thread.
class TokenSink {
 public:
  virtual ~TokenSink() = default;
  /// False: enough was read. The provider's stream is closed at once and complete() returns what came so
  /// far, with FinishReason::closed_early.
  virtual bool on_text(std::string_view text) = 0;
  virtual void on_reasoning(std::string_view text) {}
  /// A retry after text was shown: everything of this call so far is void.
  virtual void on_reset(int attempt) {}
  /// What follows is written by another entry of `models:`, at its price. Before it is asked; false: a budget
  /// has no room for that, and it is not.
  virtual bool on_entry(const std::string& entry) { return true; }
};

/// A language model. Concurrent calls are fine. Loop thread only.
class Model {
 public:
  virtual ~Model() = default;
  /// One call. Errors: model (the server answered with an error; `status` is set), network, timeout,
  /// protocol, cancelled, too_large ("context length exceeded" is ErrorCode::too_large), unavailable.
  virtual Task<Result<ModelReply>> complete(ModelRequest request, TokenSink& sink, CallContext& context) = 0;
  /// The configured model name, for usage events.
  virtual const std::string& name() const = 0;
};

/// The configured models by their name in `models:`. Looked up at each run, so that a reload swaps them.
using ModelTable = std::map<std::string, std::shared_ptr<Model>, std::less<>>;

}  // namespace troupe::models
