#pragma once

#include "tests/e2e/daemon.h"
#include "tests/e2e/team_models.h"
#include "tests/e2e/team_trace.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/run_loop.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::e2e {

/// What a team answered; "": nothing.
inline std::string answer_in(const std::vector<Json>& frames) {
  for (const Json& frame : frames)
    if (string_or(frame, "type") == "answer" && !find(frame, "parent")) return string_or(frame, "text");
  return "";
}

/// One conversation with a team, over connections that may end.
class TeamTalk {
 public:
  TeamTalk(const Daemon& daemon, std::string target) : daemon_(daemon), target_(std::move(target)) {
    connect();
  }

  /// Opens a new session, or this one again after what was seen of it.
  void connect() {
    chat_ = std::make_unique<fakes::ChatClient>(loop_);
    fakes::run(loop_, chat_->connect(daemon_.url()));
    std::string fields = fmt::format(R"(,"target":"{}")", target_);
    if (!session_.empty()) fields = fmt::format(R"(,"session":"{}","after":{})", session_, last_);
    session_ = string_or(fakes::run(loop_, chat_->open(fields)), "session");
  }
  void say(const std::string& text, const Json& inputs = Json::object()) {
    send(dump(Json{
        {"type", "message"}, {"id", fmt::format("m{}", ++messages_)}, {"text", text}, {"inputs", inputs}}));
  }
  /// The same message again, which begins nothing when it came the first time.
  void say_again(const std::string& text) {
    --messages_;
    say(text);
  }
  void send(std::string frame) { fakes::run(loop_, chat_->send(std::move(frame))); }
  /// Frames up to the end of the run that nobody began but the client.
  std::vector<Json> rest() {
    return until([](const Json& frame) {
      return string_or(frame, "type") == "run.finished" && !find(frame, "parent");
    });
  }
  template <class Found>
  std::vector<Json> until(Found found) {
    std::vector<Json> frames;
    do {
      frames.push_back(fakes::run(loop_, chat_->next()));
      if (const Json* seq = find(frames.back(), "seq")) last_ = seq->get<std::int64_t>();
    } while (!found(frames.back()));
    return frames;
  }
  /// Says it, and returns all frames of the run.
  std::vector<Json> ask(const std::string& text, const Json& inputs = Json::object()) {
    say(text, inputs);
    return rest();
  }
  /// Frames until the connection ends.
  std::vector<Json> until_gone() {
    auto frames = fakes::run(loop_, chat_->rest());
    for (const Json& frame : frames)
      if (const Json* seq = find(frame, "seq")) last_ = seq->get<std::int64_t>();
    return frames;
  }
  /// Gone without a word.
  void drop() { chat_->drop(); }
  const std::string& session() const { return session_; }

 private:
  const Daemon& daemon_;
  const std::string target_;
  SystemClock clock_;
  Loop loop_{clock_};
  std::unique_ptr<fakes::ChatClient> chat_;
  std::string session_;
  std::int64_t last_ = 0;
  int messages_ = 0;
};

}  // namespace troupe::e2e
