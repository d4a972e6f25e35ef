#pragma once

#include "models/builtin/offer.h"
#include "models/builtin/zones.h"
#include "models/model.h"
#include "models/per_tools.h"
#include "models/settings.h"

#include <string>

namespace troupe::models::builtin {

/// A planner of simple rules that stands in for a language model and never pretends to be one. It sees what
/// any provider is given and answers as one would, as a stream: the step JSON of the react strategy, or
/// native tool calls. Arithmetic goes to the calculator, questions of fact to the retriever or a search with
/// an extractive answer, the time to the clock; for everything else it says that a language model is needed.
/// As a member of a team it also delegates, hands over, and writes up what others gave (see TeamPlanner).
/// No network, no tokens, no cost; the same request gives the same bytes. Loop thread only.
class Builtin final : public Model {
 public:
  explicit Builtin(ModelSettings settings);
  Builtin(ModelSettings settings, Zones zones);

  /// Errors: cancelled; unavailable for an intent that rules cannot serve (see serve_intent).
  Task<Result<ModelReply>> complete(ModelRequest request, TokenSink& sink, CallContext& context) override;
  const std::string& name() const override { return name_; }

 private:
  Result<ModelReply> reply(const ModelRequest& request);
  ModelReply step(const ModelRequest& request);

  std::string name_;
  Zones zones_;
  PerTools<Offer> offers_;
};

}  // namespace troupe::models::builtin
