#include "tests/e2e/team_models.h"

#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace troupe::e2e {

using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

using Place = std::pair<std::string, std::size_t>;  // of a reply: whose, and which

PeerReply error(const char* text) {
  return PeerReply::json(dump(Json{{"error", {{"message", text}}}}), 400).close();
}

PeerReply completion(const Said& said) {
  return PeerReply::json(
             dump(Json{{"model", "m"},
                       {"choices",
                        {{{"index", 0},
                          {"message", {{"role", "assistant"}, {"content", said.text}}},
                          {"finish_reason", "stop"}}}},
                       {"usage", {{"prompt_tokens", said.input_tokens}, {"completion_tokens", 1}}}}))
      .close();
}

}  // namespace

Said says(const std::string& answer) {
  return {dump(Json{{"thought", "t"}, {"final_answer", answer}})};
}

Said calls(const std::string& tool, const Json& input) {
  return {dump(Json{{"thought", "t"}, {"action", tool}, {"action_input", input}})};
}

struct Play::State {
  struct Request {
    std::string member;
    std::string body;
  };

  Script script;
  mutable std::mutex mutex;
  mutable std::condition_variable came;
  std::set<Place> given;
  std::map<std::string, Place> replies;  // by the body of the request
  std::map<Place, Fault> faults;
  std::vector<Request> asked;
};

Play::Play(Script script) : state_(std::make_unique<State>()) {
  state_->script = std::move(script);
}

Play::~Play() = default;

PeerReply Play::answer(const std::string& member, const std::string& body) {
  const std::scoped_lock lock(state_->mutex);
  state_->asked.push_back({member, body});
  state_->came.notify_all();
  const auto& lines = state_->script[member];
  const auto before = state_->replies.find(body);
  if (before != state_->replies.end()) return completion(lines[before->second.second]);
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const Place place{member, at};
    if (state_->given.contains(place) || !body.contains(lines[at].when)) continue;
    const auto fault = state_->faults.extract(place);
    const Fault kind = fault ? fault.mapped() : Fault::none;
    if (kind == Fault::silent) return PeerReply::silence();
    state_->given.insert(place);
    if (kind != Fault::refused) state_->replies.emplace(body, place);
    if (kind == Fault::refused) return error("no such thing").held();
    return kind == Fault::held ? completion(lines[at]).held() : completion(lines[at]);
  }
  return error("the script has no reply left");
}

void Play::fail(const std::string& member, std::size_t nth, Fault fault) {
  const std::scoped_lock lock(state_->mutex);
  state_->faults[{member, nth}] = fault;
}

std::vector<std::string> Play::asked() const {
  const std::scoped_lock lock(state_->mutex);
  std::vector<std::string> members;
  for (const auto& request : state_->asked) members.push_back(request.member);
  return members;
}

std::vector<std::string> Play::bodies(const std::string& member) const {
  const std::scoped_lock lock(state_->mutex);
  std::vector<std::string> bodies;
  for (const auto& request : state_->asked)
    if (request.member == member) bodies.push_back(request.body);
  return bodies;
}

std::size_t Play::left() const {
  const std::scoped_lock lock(state_->mutex);
  std::size_t all = 0;
  for (const auto& [member, lines] : state_->script) all += lines.size();
  return all - state_->given.size();
}

bool Play::wait_for(const std::string& member, std::size_t requests) const {
  std::unique_lock lock(state_->mutex);
  return state_->came.wait_for(lock, fakes::kMaxTestWait, [&] {
    return std::ranges::count(state_->asked, member, &State::Request::member) >= static_cast<long>(requests);
  });
}

struct TeamModels::Plays {
  PeerReply answer(const PeerRequest& request) {
    const auto body = parse_json(request.body);
    if (!body) return PeerReply(500, "no JSON");
    const std::scoped_lock lock(mutex);
    for (const auto& [word, play] : by_word)
      if (request.body.contains(word)) return play->answer(string_or(*body, "model"), request.body);
    return error("nothing is played for this request");
  }

  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Play>, std::greater<>> by_word;  // that for every request is the last
};

TeamModels::TeamModels()
    : plays_(std::make_shared<Plays>()),
      peer_(std::make_unique<fakes::HttpPeer>(
          [plays = plays_](const PeerRequest& request) { return plays->answer(request); })) {}

TeamModels::~TeamModels() = default;

std::shared_ptr<Play> TeamModels::play(Script script, const std::string& word) {
  auto play = std::make_shared<Play>(std::move(script));
  const std::scoped_lock lock(plays_->mutex);
  plays_->by_word[word] = play;
  return play;
}

void TeamModels::let_go(std::size_t held) {
  if (!peer_->wait_for_held(held)) throw std::runtime_error("nobody asked for what is held");
  peer_->release();
}

bool TeamModels::wait_for_quiet() const {
  return peer_->wait_for_open(0);
}

std::string TeamModels::yaml(const std::vector<std::string>& names, const std::string& agent) const {
  std::string models = "models:\n";
  std::string agents = "agents:\n";
  for (const std::string& name : names) {
    models += fmt::format("  {0}: {{ provider: openai, model: {0}, base_url: \"{1}\", stream: false }}\n",
                          name, peer_->url("/v1"));
    agents += fmt::format("  {0}: {{ model: {0}{1} }}\n", name, agent);
  }
  return models + agents;
}

}  // namespace troupe::e2e
