#include "agents/chains/combination.h"

#include "agents/chains/passages.h"
#include "agents/runs/fact_fields.h"
#include "agents/strategies/untrusted.h"
#include "runtime/async/nursery.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr int kReduceLevels = 16;  // each at least halves the notes

Json to_json(const std::vector<TextBatch>& batches) {
  Json list = Json::array();
  for (const TextBatch& batch : batches) {
    Json parts = Json::array();
    for (const TextPart& part : batch) parts.push_back({part.text, part.begin, part.end});
    list.push_back(std::move(parts));
  }
  return list;
}

// What does not lie in the texts is not ours: nothing then.
std::optional<std::vector<TextBatch>> from_json(const Json& list, std::span<const std::string_view> texts) {
  if (!list.is_array()) return std::nullopt;
  std::vector<TextBatch> batches;
  for (const Json& parts : list) {
    batches.emplace_back();
    if (!parts.is_array()) return std::nullopt;
    for (const Json& part : parts) {
      if (!part.is_array() || part.size() != 3) return std::nullopt;
      for (const Json& number : part)
        if (!number.is_number_unsigned()) return std::nullopt;
      const TextPart one{part[0].get<std::size_t>(), part[1].get<std::size_t>(), part[2].get<std::size_t>()};
      if (one.text >= texts.size() || one.begin > one.end || one.end > texts[one.text].size())
        return std::nullopt;
      batches.back().push_back(one);
    }
  }
  return batches;
}

ChainEnd failed(std::string detail) {
  return {.status = "failed", .reason = "model_error", .detail = std::move(detail)};
}

}  // namespace

Task<Chained<Combined>> Combination::run(Stop& stop) {
  room_ = step_.model->room();
  auto combined = co_await attempt(stop);
  if (combined || !combined.error().too_large) co_return combined;
  round_ = 1;
  room_ = std::min(step_.model->room(), room_ / 2);
  calls_.warn(key("again"), work_.number, "context_fitted",
              fmt::format("the model said that a request was too long; the passages are packed anew into "
                          "requests of at most {} tokens",
                          room_));
  co_return co_await attempt(stop);
}

Task<Chained<Combined>> Combination::attempt(Stop& stop) {
  if (work_.passages.empty()) co_return co_await last_call(key("answer"), answer_request({}), stop);
  switch (step_.settings.combine) {
    case CombineBy::stuff:
      break;
    case CombineBy::map_reduce:
      co_return co_await map_reduce(stop);
    case CombineBy::refine:
      co_return co_await refine(stop);
  }
  co_return co_await stuff(stop);
}

// The best passages that fit: they stand first.
Task<Chained<Combined>> Combination::stuff(Stop& stop) {
  const auto batches =
      packed(key("stuff"), texts(), 0, measure([this](auto parts) { return answer_request(parts); }));
  if (!batches) co_return std::unexpected(batches.error());
  const TextPart& last = batches->front().back();
  const bool cut = last.end < work_.passages[last.text].text.size();
  if (batches->size() > 1)
    calls_.warn(
        key("left_out"), work_.number, "passages_left_out",
        fmt::format("of {} passages {} fit into the model's context{}; map_reduce and refine read all "
                    "of them",
                    work_.passages.size(), last.text + (cut ? 0 : 1), cut ? " and a part of one" : ""));
  co_return co_await last_call(key("answer"), answer_request(batches->front()), stop);
}

Task<Chained<Combined>> Combination::map_reduce(Stop& stop) {
  const auto batches =
      packed(key("map"), texts(), most(), measure([this](auto parts) { return notes_request(parts); }));
  if (!batches) co_return std::unexpected(batches.error());
  if (batches->size() == 1) co_return co_await stuff(stop);
  std::vector<Messages> requests;
  for (const TextBatch& batch : *batches) requests.push_back(notes_request(batch));
  auto notes = co_await all_at_once("map", std::move(requests), stop);
  for (int level = 0; notes && level < kReduceLevels; ++level) {
    const std::vector<std::string_view> views(notes->begin(), notes->end());
    const auto reduce = measure([&](auto parts) { return reduce_request(*notes, parts, false); });
    auto parts = packed(key(fmt::format("reduce.{}", level)), views, 0, reduce);
    if (!parts) co_return std::unexpected(parts.error());
    if (parts->size() == 1) {
      Messages last = reduce_request(*notes, parts->front(), true);
      co_return co_await last_call(key("answer"), std::move(last), stop);
    }
    if (parts->size() >= notes->size()) {  // notes so long that two do not fit: no progress this way
      auto shorter = shortened(std::move(*notes), step_.model->tokens_of(reduce_request({}, {}, false)));
      if (!shorter) co_return std::unexpected(std::move(shorter.error()));
      *notes = std::move(*shorter);
      continue;
    }
    std::vector<Messages> next;
    for (const TextBatch& batch : *parts) next.push_back(reduce_request(*notes, batch, false));
    notes = co_await all_at_once(fmt::format("reduce.{}", level), std::move(next), stop);
  }
  if (!notes) co_return std::unexpected(std::move(notes.error()));
  co_return std::unexpected(failed("the notes on the passages do not become short enough for one request"));
}

// Each to so little that two are one request.
Chained<std::vector<std::string>> Combination::shortened(std::vector<std::string> notes,
                                                         std::int64_t around) {
  const std::int64_t room = around + (room_ - around) * 2 / 5;
  for (std::string& note : notes) {
    const auto alone =
        measure([&](std::span<const TextPart> parts) { return reduce_request({note}, parts, false); });
    const std::size_t bytes = fitting_bytes(0, note, 0, room, alone);
    if (bytes == 0 && !note.empty())
      return std::unexpected(
          failed(fmt::format("the model has room for {} tokens, too few for notes on the "
                             "passages; take a model with a larger `context`",
                             room_)));
    note.resize(bytes);
  }
  calls_.warn(key("notes"), work_.number, "notes_shortened",
              "notes on the passages were too long for each other and were shortened");
  return notes;
}

Task<Chained<Combined>> Combination::refine(Stop& stop) {
  std::vector<TextPart> rest;
  for (std::size_t i = 0; i < work_.passages.size(); ++i)
    rest.push_back({i, 0, work_.passages[i].text.size()});
  Combined combined;
  for (int turn = 0; !rest.empty(); ++turn) {
    const auto request_of = [&](std::span<const TextPart> parts) {
      return turn == 0 ? answer_request(parts) : refine_request(combined.answer, parts);
    };
    std::vector<std::string_view> views;
    for (const TextPart& part : rest)
      views.push_back(
          std::string_view(work_.passages[part.text].text).substr(part.begin, part.end - part.begin));
    const auto in_place = [&](std::span<const TextPart> parts) {
      TextBatch placed;
      for (const TextPart& part : parts) {
        const TextPart& whole = rest[part.text];
        placed.push_back({whole.text, whole.begin + part.begin, whole.begin + part.end});
      }
      return placed;
    };
    if (turn > 0) {  // an answer must leave room for what it is to be made better with
      const std::string whole = combined.answer;
      const auto with = [&](std::span<const TextPart> parts) {
        return step_.model->tokens_of(refine_request(parts.empty() ? "" : whole.substr(0, parts[0].end), {}));
      };
      combined.answer.resize(fitting_bytes(0, whole, 0, room_ / 2, with));
      if (combined.answer.size() < whole.size())
        calls_.warn(key(fmt::format("refine.{}.shortened", turn)), work_.number, "answer_shortened",
                    "the answer so far was too long to be made better, and was shortened");
    }
    const std::string name = fmt::format("refine.{}", turn);
    auto batches =
        packed(key(name), views, most(),
               measure([&](std::span<const TextPart> parts) { return request_of(in_place(parts)); }));
    if (!batches) co_return std::unexpected(std::move(batches.error()));
    const TextBatch now = in_place(batches->front());
    std::vector<TextPart> later;
    for (std::size_t i = 1; i < batches->size(); ++i)
      std::ranges::move(in_place((*batches)[i]), std::back_inserter(later));
    rest = std::move(later);
    Messages messages = request_of(now);
    if (rest.empty()) co_return co_await last_call(key("answer"), std::move(messages), stop);
    auto reply = co_await calls_.ask(call(key(name), std::move(messages), false), stop);
    if (!reply) co_return std::unexpected(std::move(reply.error()));
    combined.answer = std::move(reply->text);
  }
  co_return combined;
}

Task<Chained<Combined>> Combination::last_call(std::string key, Messages messages, Stop& stop) {
  auto reply = co_await calls_.ask(call(std::move(key), messages, work_.answers), stop);
  if (!reply) co_return std::unexpected(std::move(reply.error()));
  co_return Combined{std::move(reply->text), std::move(messages)};
}

Task<Chained<std::vector<std::string>>> Combination::all_at_once(std::string name,
                                                                 std::vector<Messages> requests, Stop& stop) {
  std::vector<Chained<std::string>> replies(requests.size());
  Stop together(stop);
  Nursery nursery(loop_);
  for (std::size_t i = 0; i < requests.size(); ++i)
    nursery.spawn("a part of a chain", [&, i] {
      return one_of_all(call(key(fmt::format("{}.{}", name, i)), std::move(requests[i]), false), replies[i],
                        together);
    });
  co_await nursery.join();
  // The one that failed stopped the others, whose ends say no more than that.
  std::vector<std::string> texts;
  const ChainEnd* why = nullptr;
  for (Chained<std::string>& reply : replies) {
    if (reply)
      texts.push_back(std::move(*reply));
    else if (!why || why->status == "cancelled")
      why = &reply.error();
  }
  if (why) co_return std::unexpected(*why);
  co_return texts;
}

Task<> Combination::one_of_all(ChainCall call, Chained<std::string>& reply, Stop& together) {
  auto made = co_await calls_.ask(std::move(call), together);
  if (made) {
    reply = std::move(made->text);
    co_return;
  }
  reply = std::unexpected(std::move(made.error()));
  together.request(StopReason::cancelled);
}

ChainCall Combination::call(std::string key, Messages messages, bool answers) const {
  return {.key = std::move(key),
          .step = work_.number,
          .model = step_.model,
          .messages = std::move(messages),
          .intent = models::Intent::summarize,
          .answers = answers};
}

Chained<std::vector<TextBatch>> Combination::packed(const std::string& key,
                                                    std::span<const std::string_view> texts, std::size_t most,
                                                    const MeasureRequest& measure) {
  // A counter that has learnt more since would pack otherwise, and replies would meet other parts.
  if (const auto known = calls_.decided(key))
    if (auto batches = from_json(*known, texts); batches && !batches->empty()) return std::move(*batches);
  auto batches = pack_texts(texts, room_, most, measure);
  if (!batches) return std::unexpected(failed(std::move(batches.error().message)));
  calls_.decide(key, work_.number, to_json(*batches));
  return std::move(*batches);
}

std::vector<std::string_view> Combination::texts() const {
  std::vector<std::string_view> texts;
  for (const memory::Hit& hit : work_.passages) texts.emplace_back(hit.text);
  return texts;
}

MeasureRequest Combination::measure(std::function<Messages(std::span<const TextPart>)> request) const {
  return [this, request = std::move(request)](std::span<const TextPart> parts) {
    return step_.model->tokens_of(request(parts));
  };
}

std::string Combination::key(std::string_view what) const {
  return fmt::format("{}{}.{}", work_.key, round_ > 0 ? "'" : "", what);
}

Combination::Messages Combination::answer_request(std::span<const TextPart> parts) const {
  return request(chain_.combine->stuff,
                 {{"question", work_.question}, {"passages", passages_json(work_.passages, parts)}});
}

Combination::Messages Combination::notes_request(std::span<const TextPart> parts) const {
  return request(chain_.combine->map,
                 {{"question", work_.question}, {"passages", passages_json(work_.passages, parts)}});
}

Combination::Messages Combination::refine_request(const std::string& answer,
                                                  std::span<const TextPart> parts) const {
  return request(
      chain_.combine->refine,
      {{"question", work_.question}, {"answer", answer}, {"passages", passages_json(work_.passages, parts)}});
}

Combination::Messages Combination::reduce_request(const std::vector<std::string>& notes,
                                                  std::span<const TextPart> parts, bool last) const {
  Json shown = Json::array();
  for (const TextPart& part : parts)
    shown.push_back(notes[part.text].substr(part.begin, part.end - part.begin));
  return request(chain_.combine->reduce, {{"question", work_.question}, {"notes", std::move(shown)}}, !last);
}

Combination::Messages Combination::request(const prompts::Prompt& prompt, Json data, bool notes) const {
  Json values = Json::object();
  if (prompt.declares("instructions") && !step_.settings.instructions.empty())
    values["instructions"] = step_.settings.instructions;
  if (notes && prompt.declares("notes")) values["notes"] = true;
  auto system = prompt.render(values);
  // All that it is given is declared, so that it always renders; a prompt that did not would be no system
  // message, but still a request.
  return {{.role = models::Role::system, .content = system ? std::move(*system) : ""},
          {.role = models::Role::user, .content = untrusted_json(data)}};
}

}  // namespace troupe::agents
