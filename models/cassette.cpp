#include "models/cassette.h"

#include "models/provider.h"
#include "models/request_match.h"

#include <fmt/format.h>

namespace troupe::models {

namespace {

// Passes on and keeps what a model streams, piece by piece.
class KeepingSink final : public TokenSink {
 public:
  explicit KeepingSink(TokenSink& sink) : sink_(sink) {}
  bool on_text(std::string_view text) override {
    pieces.push_back({false, std::string(text)});
    return sink_.on_text(text);
  }
  void on_reasoning(std::string_view text) override {
    pieces.push_back({true, std::string(text)});
    sink_.on_reasoning(text);
  }
  void on_reset(int attempt) override {
    pieces.clear();
    sink_.on_reset(attempt);
  }
  std::vector<Exchange::Piece> pieces;

 private:
  TokenSink& sink_;
};

}  // namespace

Cassette::Cassette(std::string name, Tape tape, std::shared_ptr<Model> recorded)
    : name_(std::move(name)), tape_(std::move(tape)), recorded_(std::move(recorded)) {}

Task<Result<ModelReply>> Cassette::complete(ModelRequest request, TokenSink& sink, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped("model " + name_, context.stop.reason()));
  Json normalized = normalized_request(request);
  if (const Exchange* known = tape_.find(normalized)) co_return play(*known, sink);
  if (!recorded_)
    co_return fail(ErrorCode::unavailable,
                   fmt::format("model {}: {}", name_, tape_.explain_miss(normalized)));
  co_return co_await record(std::move(normalized), std::move(request), sink, context);
}

Result<ModelReply> Cassette::play(const Exchange& exchange, TokenSink& sink) {
  std::string text;
  bool enough = false;
  for (const Exchange::Piece& piece : exchange.pieces) {
    if (piece.reasoning) {
      sink.on_reasoning(piece.text);
      continue;
    }
    text += piece.text;
    if (!sink.on_text(piece.text)) {
      enough = true;
      break;
    }
  }
  Result<ModelReply> outcome = exchange.outcome;
  if (outcome && enough) {
    outcome->text = std::move(text);
    outcome->finish = FinishReason::closed_early;
  }
  return outcome;
}

Task<Result<ModelReply>> Cassette::record(Json normalized, ModelRequest request, TokenSink& sink,
                                          CallContext& context) {
  KeepingSink keeping(sink);
  Result<ModelReply> outcome = co_await recorded_->complete(std::move(request), keeping, context);
  // What was stopped from outside says nothing about the model.
  if (context.stop.requested()) co_return outcome;
  Exchange exchange{std::move(normalized), std::move(keeping.pieces), outcome};
  Result<> kept = tape_.append(std::move(exchange));
  if (!kept) co_return within("model " + name_, std::move(kept.error()));
  co_return outcome;
}

Result<std::shared_ptr<Model>> make_cassette(const ModelSettings& settings, const ModelServices&,
                                             const KnownModels& known) {
  if (settings.file.empty())
    return fail(ErrorCode::invalid, "`file` is missing: where the exchanges are kept");
  std::shared_ptr<Model> recorded;
  if (!settings.record.empty()) {
    auto entry = known.made.find(settings.record);
    if (entry == known.made.end())
      return fail(ErrorCode::invalid,
                  fmt::format("`record` names {}, which is no model that can be recorded", settings.record));
    recorded = entry->second;
  }
  Secrets secrets;
  for (const ModelSettings& each : known.settings) {
    secrets.add(each.api_key);
    for (const auto& [name, value] : each.extra_headers) secrets.add(value);
  }
  auto tape = Tape::open(settings.file, recorded != nullptr, std::move(secrets));
  if (!tape) return fail(std::move(tape.error()));
  return std::make_shared<Cassette>(settings.name, std::move(*tape), std::move(recorded));
}

}  // namespace troupe::models
