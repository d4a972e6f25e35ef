#include "models/builtin/wanted_form.h"

#include "models/builtin/topic.h"
#include "models/builtin/utf8.h"
#include "models/builtin/words.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kSentences = 6;
constexpr std::size_t kSentencesMax = 20;
constexpr std::size_t kHeadingsMax = 8;
constexpr std::size_t kHeadingBytes = 60;
constexpr std::size_t kTitleBytes = 80;

// "five bullets", "3 sentences".
std::size_t wanted_count(std::string_view order) {
  static constexpr std::array<std::string_view, 11> kNumbers{"",    "one",   "two",   "three", "four", "five",
                                                             "six", "seven", "eight", "nine",  "ten"};
  const std::vector<Word> all = words(order, 400);
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::size_t number = 0;
    if (const auto at = std::ranges::find(kNumbers, all[i].low); at != kNumbers.end())
      number = static_cast<std::size_t>(at - kNumbers.begin());
    else if (all[i].text.size() <= 2 && std::ranges::all_of(all[i].text, is_digit))
      number = static_cast<std::size_t>(std::stoul(std::string(all[i].text)));
    if (number == 0) continue;
    for (std::size_t next = i + 1; next < std::min(i + 3, all.size()); ++next)
      if (contains_any(all[next].low, {"bullet", "sentence", "point", "fact", "line", "item"}))
        return std::min(number, kSentencesMax);
  }
  return kSentences;
}

// "with the headings Background, Findings and Outlook."
std::vector<std::string> headings_in(std::string_view order) {
  std::vector<std::string> headings;
  for (const std::string_view word : {"headings", "sections", "제목", "항목"}) {
    const std::size_t at = order.find(word);
    if (at == order.npos) continue;
    std::string_view rest = order.substr(at + word.size());
    rest = trim(rest.substr(0, rest.find_first_of(".\n")));
    if (rest.starts_with(':')) rest.remove_prefix(1);
    std::string list(rest);
    for (std::size_t comma = list.find(" and "); comma != list.npos; comma = list.find(" and "))
      list.replace(comma, 5, ", ");
    for (std::string_view left = list; !left.empty();) {
      const std::size_t comma = left.find(',');
      std::string_view one = trim(left.substr(0, comma));
      left.remove_prefix(comma == left.npos ? left.size() : comma + 1);
      while (!one.empty() && std::string_view("\"'`*").contains(one.front())) one.remove_prefix(1);
      while (!one.empty() && std::string_view("\"'`*").contains(one.back())) one.remove_suffix(1);
      if (!one.empty() && one.size() <= kHeadingBytes) headings.emplace_back(one);
    }
    break;
  }
  // One name is a word of the sentence more often than a heading.
  if (headings.size() < 2 || headings.size() > kHeadingsMax) headings.clear();
  return headings;
}

// The words of the text from the first to the last that is about the topic, where none of them names work.
std::string topic_in(std::string_view text) {
  const Subject topic = topic_of(text);
  std::size_t from = text.size(), to = 0;
  const std::vector<Word> all = words(text, 400);
  const auto about = [&](const Word& word) {
    return std::ranges::find(topic.terms, stem(word)) != topic.terms.end();
  };
  for (const Word& word : all)
    if (about(word)) from = std::min(from, word.at), to = word.end();
  const bool plain =
      from < to && to - from <= kTitleBytes &&
      std::ranges::none_of(
          all,
          [&](const Word& word) {
            return word.at > from && word.end() < to && !is_stop_word(word.low) && !about(word);
          });
  const std::string_view as_written = plain ? text.substr(from, to - from) : std::string_view();
  return as_written.empty() || as_written.contains('\n') || language_of(text) == Language::korean
             ? topic.query
             : std::string(as_written);
}

std::string title_of(const TeamText& asked) {
  for (const std::string_view text : {std::string_view(asked.task), std::string_view(asked.request)})
    if (std::string title = topic_in(text); !title.empty()) {
      if (title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 'a' + 'A');
      return title;
    }
  return {};
}

}  // namespace

bool wants_list(std::string_view order) {
  static constexpr std::array<std::string_view, 9> kList{
      "list", "lists", "bullet", "bullets", "bulleted", "bullet-point", "points", "목록", "글머리"};
  return std::ranges::any_of(words(order), [](const Word& word) {
    return std::ranges::find(kList, word.korean ? strip_particle(word.low) : word.low) != kList.end();
  });
}

WantedForm wanted_form(const TeamText& asked) {
  const std::string order = lower(fmt::format("{}\n{}", asked.task, asked.expected));
  WantedForm form{.sentences = wanted_count(order), .list = wants_list(order), .title = {}, .headings = {}};
  if (contains_any(order,
                   {"report", "post", "article", "essay", "markdown", "heading", "보고서", "기사", "블로그"}))
    form.title = title_of(asked);
  form.headings = headings_in(asked.expected);
  if (form.headings.empty()) form.headings = headings_in(asked.task);
  return form;
}

}  // namespace troupe::models::builtin
