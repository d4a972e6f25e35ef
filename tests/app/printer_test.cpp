#include "app/talk/printer.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::app;

namespace {

/// What a printer writes for events, on both of its files.
class Printed {
 public:
  explicit Printed(Show show) : file_(open_memstream(&text_, &size_)), printer_(show, file_, file_) {}
  ~Printed() {
    std::fclose(file_);
    std::free(text_);
  }
  void event(const Json& event, Whose whose) { printer_.print(dump(event), event, whose); }
  std::string text() {
    std::fflush(file_);
    return {text_, size_};
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
  Printer printer_;
};

}  // namespace

TEST_CASE("whose call waits for a person, and whose was decided, is told under the member's name") {
  Printed printed(Show::trace);
  const Json call = {{"agent", "desk/writer"}, {"tool", "send"}, {"input", {{"x", 1}}}, {"by", "p"}};
  for (const char* type : {"approval.required", "approval.given", "approval.denied"}) {
    Json event = call;
    event["type"] = type;
    printed.event(event, Whose::member);
  }
  Json question = call;
  question["type"] = "approval.required";
  question["question"] = "Shall I?";
  printed.event(question, Whose::member);
  Json again = call;
  again["type"] = "approval.required";
  again["reason"] = "nobody knows";
  printed.event(again, Whose::member);
  const std::string text = printed.text();
  CHECK(text.contains("desk/writer waits for approval:"));
  CHECK(text.contains("desk/writer allowed:"));
  CHECK(text.contains("desk/writer denied:"));
  CHECK(text.contains("desk/writer asks a person: Shall I?"));
  CHECK(text.contains("desk/writer asks whether to call again: send"));
  CHECK(text.contains("(nobody knows)"));
}

TEST_CASE("a handoff is told once, though the member's call and the team both say it") {
  Printed printed(Show::trace);
  const Json handoff = {
      {"type", "handoff"}, {"agent", "line/a"}, {"from", "line/a"}, {"to", "line/b"}, {"reason", "yours"}};
  printed.event(handoff, Whose::member);
  CHECK_FALSE(printed.text().contains("handoff:"));
  printed.event(handoff, Whose::run);
  CHECK(printed.text().contains("handoff: line/a → line/b: yours"));
}

TEST_CASE("a note is told with who it goes to, or with its topic") {
  Printed printed(Show::trace);
  Json note = {{"type", "message"}, {"kind", "note"}, {"from", "desk/a"}, {"text", "bees"}};
  Json told = note;
  told["to"] = "desk/b";
  printed.event(told, Whose::member);
  note["topic"] = {{"type", "findings"}};
  printed.event(note, Whose::member);
  CHECK(printed.text().contains("desk/a → desk/b: bees"));
  CHECK(printed.text().contains("desk/a → findings: bees"));
}
