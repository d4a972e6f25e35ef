#include "models/builtin/builtin.h"

#include "models/builtin/intents.h"
#include "models/builtin/planner.h"
#include "models/builtin/schema_answer.h"
#include "models/builtin/seat.h"
#include "models/builtin/team_phrases.h"
#include "models/builtin/team_planner.h"
#include "models/builtin/team_text.h"
#include "models/builtin/utf8.h"
#include "models/builtin/write_up.h"
#include "models/provider.h"
#include "models/warning.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kChunkBytes = 24;  // about what a provider sends at once

// False when the sink had enough; `text` then ends where it stopped.
bool stream(std::string& text, TokenSink& sink) {
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view chunk = clip(rest, kChunkBytes);
    if (chunk.empty()) chunk = rest.substr(0, kChunkBytes);  // not UTF-8: cut anywhere
    rest.remove_prefix(chunk.size());
    if (!sink.on_text(chunk)) {
      text.resize(text.size() - rest.size());
      return false;
    }
  }
  return true;
}

ModelReply native_call(NextCall call, std::size_t number) {
  ModelReply reply;
  reply.tool_calls.push_back({fmt::format("call_{}", number), std::move(call.tool), dump(call.input)});
  reply.reasoning = std::move(call.thought);
  reply.finish = FinishReason::tool_calls;
  return reply;
}

// What others gave to a member of a team, its task where there is nothing else; else what was answered.
std::string heard_in(const TeamText& asked, std::string_view answer) {
  const auto inner = with_inner_material(asked);
  std::string heard;
  for (const Material& given : told_material(inner ? *inner : asked)) heard.append(given.text) += '\n';
  return heard.empty() ? phrases::told_in(answer) : heard;
}

// The answer as the data that a schema asks for; nothing where there is no such schema, or nothing to fill it
// from. A member always gives some: others wait for it.
std::optional<Json> fitted(const Seat& seat, std::string_view answer, const TeamText& asked) {
  if (seat.schema.empty()) return std::nullopt;
  const auto schema = parse_json(seat.schema);
  if (!schema || string_or(*schema, "type") == "string") return std::nullopt;
  if (auto written = parse_json(answer); written && written->is_object()) return *written;
  const std::string heard = heard_in(asked, answer);
  if (heard.empty() && !seat.member) return std::nullopt;
  return schema_answer(*schema, {.answer = answer, .heard = heard});
}

}  // namespace

Builtin::Builtin(ModelSettings settings) : Builtin(std::move(settings), Zones::of_this_machine()) {}

Builtin::Builtin(ModelSettings settings, Zones zones)
    : name_(settings.name.empty() ? "builtin" : std::move(settings.name)), zones_(std::move(zones)) {}

ModelReply Builtin::step(const ModelRequest& request) {
  auto offer = offers_.get(request.tools, [](const auto& tools) { return Offer(tools); });
  Turn turn = read_turn(*request.transcript);
  const Seat seat = read_seat(*request.transcript);
  TeamText text;
  if (seat.member) {
    text = read_team_text(turn.question);
    turn.question = text.task;
  }
  Decision decision = seat.member ? TeamPlanner(turn, text, seat, *offer, zones_).decide()
                                  : Planner(turn, *offer, zones_).decide();
  bool native = request.tool_mode == ToolMode::native;
  ModelReply reply;
  Json object = Json::object();
  if (auto* call = std::get_if<NextCall>(&decision)) {
    if (native) return native_call(std::move(*call), turn.calls.size() + 1);
    object["thought"] = std::move(call->thought);
    object["action"] = std::move(call->tool);
    object["action_input"] = std::move(call->input);
  } else {
    auto& answer = std::get<FinalAnswer>(decision);
    auto data = turn.correction.empty() ? fitted(seat, answer.text, text) : std::nullopt;
    if (native) {
      reply.text = data ? dump(*data) : std::move(answer.text);
      return reply;
    }
    // After an observation the answer speaks for itself; without one, the thought says why no tool was asked.
    if (turn.calls.empty()) object["thought"] = std::move(answer.thought);
    object["final_answer"] = data ? std::move(*data) : Json(std::move(answer.text));
  }
  reply.text = dump(object);
  return reply;
}

Result<ModelReply> Builtin::reply(const ModelRequest& request) {
  if (request.intent == Intent::step) return step(request);
  auto text = serve_intent(request);
  if (!text) return fail(std::move(text.error()));
  ModelReply reply;
  reply.text = std::move(*text);
  return reply;
}

Task<Result<ModelReply>> Builtin::complete(ModelRequest request, TokenSink& sink, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped("model " + name_, context.stop.reason()));
  // Told once a run: at the step that answers the message itself.
  if (const Message& last = request.transcript->messages().back(); !last.images.empty())
    warn(context, "pictures_unseen",
         fmt::format("the builtin model sees no pictures: {} of this message {} left out", last.images.size(),
                     last.images.size() == 1 ? "was" : "were"));
  Result<ModelReply> result = reply(request);
  if (!result) co_return result;
  result->model = "builtin";
  if (!result->reasoning.empty()) sink.on_reasoning(result->reasoning);
  if (!stream(result->text, sink)) result->finish = FinishReason::closed_early;
  co_return result;
}

}  // namespace troupe::models::builtin

namespace troupe::models {

Result<std::shared_ptr<Model>> make_builtin(const ModelSettings& settings, const ModelServices&,
                                            const KnownModels&) {
  return std::make_shared<builtin::Builtin>(settings);
}

}  // namespace troupe::models
