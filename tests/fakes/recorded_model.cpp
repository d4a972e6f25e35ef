#include "tests/fakes/recorded_model.h"

#include <algorithm>
#include <stdexcept>

namespace troupe::fakes {

namespace {

constexpr std::int64_t kBytesAToken = 4;

Json choice_chunk(const std::string& model, Json delta, Json finish = nullptr) {
  return {{"id", "chatcmpl-recorded"},
          {"object", "chat.completion.chunk"},
          {"created", 1700000000},
          {"model", model},
          {"choices", Json::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", finish}}})}};
}

// A piece is about a token; never cut inside a character.
std::vector<std::string> pieces_of(const std::string& text) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(at + 1 + pieces.size() % 7, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    pieces.push_back(text.substr(at, end - at));
    at = end;
  }
  return pieces;
}

PeerReply error(int status, const std::string& message) {
  return PeerReply::json(dump(Json{{"error", {{"message", message}, {"type", "recording"}}}}), status);
}

std::vector<std::string> streamed(const RecordedModel::Place& place, const Json& usage) {
  const std::string& model = place.conversation->model;
  std::vector<std::string> data;
  data.push_back(dump(choice_chunk(model, {{"role", "assistant"}, {"content", ""}})));
  for (const std::string& piece : pieces_of(place.recorded().completion))
    data.push_back(dump(choice_chunk(model, {{"content", piece}})));
  data.push_back(dump(choice_chunk(model, Json::object(), "stop")));
  Json last = choice_chunk(model, Json::object());
  last["choices"] = Json::array();
  last["usage"] = usage;
  data.push_back(dump(last));
  data.emplace_back("[DONE]");
  return data;
}

std::string whole(const RecordedModel::Place& place, const Json& usage) {
  const Json message = {{"role", "assistant"}, {"content", place.recorded().completion}};
  return dump(
      Json{{"id", "chatcmpl-recorded"},
           {"object", "chat.completion"},
           {"created", 1700000000},
           {"model", place.conversation->model},
           {"choices", Json::array({{{"index", 0}, {"message", message}, {"finish_reason", "stop"}}})},
           {"usage", usage}});
}

bool streams(const Json& body) {
  const Json* stream = find(body, "stream");
  return stream && *stream == true;
}

}  // namespace

RecordedModel::RecordedModel(Travel travel) : travel_(std::move(travel)) {
  for (const RecordedConversation& conversation : recorded_conversations())
    for (std::size_t turn = 0; turn < conversation.turns.size(); ++turn)
      if (!places_.emplace(conversation.turns[turn].question, Place{&conversation, turn, 0}).second)
        throw std::runtime_error("two recorded turns ask: " + conversation.turns[turn].question);
}

RecordedModel::Place RecordedModel::place_of(const Json& body) const {
  const Json* messages = find(body, "messages");
  if (!messages || !messages->is_array()) throw std::runtime_error("the request has no messages");
  std::size_t results = 0;  // each reply before was answered by an observation or a correction
  for (auto message = messages->rbegin(); message != messages->rend(); ++message) {
    if (string_or(*message, "role") != "user") continue;
    const auto found = places_.find(string_or(*message, "content"));
    if (found == places_.end()) {
      ++results;
      continue;
    }
    Place place = found->second;
    place.step = results;
    if (place.step >= place.conversation->turns[place.turn].steps.size())
      throw std::runtime_error("the recording " + place.conversation->id + " has no reply number " +
                               std::to_string(results + 1) + " to: " + found->first);
    return place;
  }
  throw std::runtime_error("no recording asks what the request asks");
}

std::int64_t RecordedModel::input_tokens(const Json& body, const RecordedStep& step) {
  if (step.input_tokens) return *step.input_tokens;
  std::size_t bytes = 0;
  for (const Json& message : body.at("messages")) bytes += string_or(message, "content").size();
  return static_cast<std::int64_t>(bytes) / kBytesAToken;
}

std::int64_t RecordedModel::output_tokens(const RecordedStep& step) {
  return step.output_tokens.value_or(1 + static_cast<std::int64_t>(step.completion.size()) / kBytesAToken);
}

PeerReply RecordedModel::answer(const PeerRequest& request) const {
  if (request.method != "POST" || !request.path.ends_with("/chat/completions"))
    return PeerReply::html("<html><body><h1>404 Not Found</h1></body></html>", 404);
  if (request.header("authorization") != std::string("Bearer ") + kKey)
    return error(401, "Incorrect API key provided.");
  const auto body = parse_json(request.body);
  if (!body) return error(400, body.error().message);
  const Place place = place_of(*body);  // what it throws, the peer answers with 500
  const RecordedStep& step = place.recorded();
  const std::int64_t input = input_tokens(*body, step), output = output_tokens(step);
  const Json usage = {
      {"prompt_tokens", input}, {"completion_tokens", output}, {"total_tokens", input + output}};
  std::string text = step.body;
  PeerReply reply = step.form == "sse" ? PeerReply::sse_text(text) : PeerReply::json(text);
  if (text.empty() && streams(*body)) {
    const std::vector<std::string> data = streamed(place, usage);
    reply = PeerReply::sse(data);
    for (const std::string& event : data) text += "data: " + event + "\n\n";
  } else if (text.empty()) {
    text = whole(place, usage);
    reply = PeerReply::json(text);
  }
  return travel_ ? travel_(std::move(reply), place, text) : std::move(reply);
}

}  // namespace troupe::fakes
