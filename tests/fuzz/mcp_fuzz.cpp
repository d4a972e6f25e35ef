#include "tests/fuzz/require.h"
#include "tools/mcp/content.h"
#include "tools/mcp/listing.h"
#include "tools/mcp/protocol/session.h"
#include "tools/mcp/transport/http_answer.h"
#include "tools/mcp/transport/line_splitter.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe;
using namespace troupe::tools::mcp;
using troupe::fuzz::require;

namespace {

/// A session with whoever speaks the bytes, and what must hold whatever they are.
class Conversation {
 public:
  explicit Conversation(SessionSettings settings) : session_(std::move(settings)) {
    session_.open();
    settle();
  }

  void hear(std::string_view line) {
    session_.receive(line);
    settle();
    if (session_.is_open() && calls_.size() < 8) {
      if (auto call = session_.call({.method = "tools/call", .params = {{"name", "a"}}, .progress = true}))
        calls_[*call] = 0;
      if (auto call = session_.collect("tools/list", "tools")) calls_[*call] = 0;
      settle();
    }
  }
  void hang_up() {
    session_.lost({ErrorCode::network, "gone"});
    settle();
    // Nobody waits for ever: every call has had its answer, and only one.
    if (opened_ > 0)
      for (const auto& [call, answers] : calls_) require(answers == 1);
    require(!session_.is_open());
  }

 private:
  void settle() {
    for (Action& action : session_.take()) {
      if (const auto* send = std::get_if<Send>(&action)) require(send->text.find('\n') == std::string::npos);
      if (std::get_if<Opened>(&action)) require(++opened_ == 1);
      if (auto* answer = std::get_if<Answer>(&action)) {
        require(++calls_[answer->call] == 1);
        if (!answer->result) continue;
        (void)read_result(*answer->result, R"({"type":"object","required":["a"]})");
        (void)read_contents(*answer->result);
        (void)read_prompt(*answer->result);
        if (const Json* items = find(*answer->result, "items")) {
          const Listing listing = read_listing(*items, true);
          require(listing.tools.size() <= items->size());
          (void)list_resources(*items, *items, "a");
          (void)list_prompts(*items, "");
        }
      }
    }
  }

  Session session_;
  std::map<CallId, int> calls_;
  int opened_ = 0;
};

std::vector<std::string> lines_of(std::string_view bytes, std::size_t piece) {
  LineSplitter splitter(4'096);
  std::vector<LineSplitter::Line> lines;
  for (std::size_t at = 0; at < bytes.size(); at += piece) splitter.feed(bytes.substr(at, piece), lines);
  std::vector<std::string> texts;
  for (auto& line : lines) texts.push_back(std::move(line.text));
  return texts;
}

std::vector<std::string> events_of(std::string_view bytes, std::size_t piece) {
  HttpAnswer answer;
  answer.head({.status = 200, .headers = {{"content-type", "text/event-stream"}}, .url = ""});
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    if (!answer.data(bytes.substr(at, piece))) break;
  answer.finish();
  return answer.take();
}

}  // namespace

/// The first byte says how the client is set up and how large the pieces are; the rest is what a server says,
/// as lines and as a stream of events.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1 + data[0] % 16;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  SessionSettings settings{.elicits = (data[0] & 0x10) != 0};
  if (data[0] & 0x20) settings.era = (data[0] & 0x40) != 0 ? Era::modern : Era::legacy;

  const auto lines = lines_of(bytes, piece);
  require(lines == lines_of(bytes, bytes.size()));
  require(events_of(bytes, piece) == events_of(bytes, bytes.size()));
  Conversation conversation(settings);
  for (const std::string& line : lines) conversation.hear(line);
  conversation.hang_up();
  return 0;
}
