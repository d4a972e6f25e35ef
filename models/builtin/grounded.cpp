#include "models/builtin/grounded.h"

#include "models/builtin/excerpt.h"
#include "models/builtin/inquiry.h"
#include "models/builtin/phrases.h"
#include "models/builtin/utf8.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::models::builtin {

namespace {

constexpr double kIsAbout = 0.3;  // what an excerpt must at least be worth

// Behind what it says, before the stop: "Leave is thirty days [1]."
std::string cited(std::string text, const Json* index) {
  if (!index || !index->is_number_integer()) return text;
  const std::string marker = fmt::format(" [{}]", index->get<std::int64_t>());
  std::size_t end = text.size();
  for (std::string_view stop : {".", "!", "?", "。", "…"})
    if (text.ends_with(stop)) end = text.size() - stop.size();
  return text.insert(end, marker);
}

class Best {
 public:
  explicit Best(const Subject& subject) : subject_(subject) {}

  void passage(const Json& one) {
    const std::vector<Passage> alone{{string_or(one, "title"), "", string_or(one, "text")}};
    Excerpt excerpt = best_excerpt(alone, subject_);
    if (better(excerpt.score)) text_ = cited(std::move(excerpt.text), find(one, "index"));
  }
  // Written already: its numbers belong to all of it.
  void written(const std::string& text) {
    if (better(best_excerpt({{"", "", text}}, subject_).score)) text_ = text;
  }
  const std::string& text() const { return text_; }

 private:
  bool better(double score) {
    if (score < kIsAbout || score <= score_) return false;
    score_ = score;
    return true;
  }

  const Subject& subject_;
  double score_ = 0;
  std::string text_;
};

}  // namespace

std::string grounded_answer(const Json& asked) {
  const std::string question = string_or(asked, "question");
  const Inquiry inquiry = read_inquiry(question, {});
  Subject subject =
      inquiry.language == Language::korean ? korean_subject(question) : english_subject(question);
  for (const Ask& ask : inquiry.asks)
    if (ask.kind == AskKind::lookup && !ask.subject.query.empty()) subject = ask.subject;
  Best best(subject);
  best.written(string_or(asked, "answer"));
  if (const Json* passages = find(asked, "passages"); passages && passages->is_array())
    for (const Json& one : *passages) best.passage(one);
  if (const Json* notes = find(asked, "notes"); notes && notes->is_array())
    for (const Json& one : *notes)
      if (one.is_string()) best.written(one.get<std::string>());
  return best.text().empty() ? phrases::passages_do_not_say(inquiry.language) : best.text();
}

}  // namespace troupe::models::builtin
