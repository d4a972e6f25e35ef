#include "memory/knowledge/loaders/html/article.h"

#include <algorithm>

namespace troupe::memory::loaders::html {

namespace {

constexpr std::uint32_t kSubstantial = 250;  // letters outside of links: two or three sentences
constexpr double kArticleShare = 0.4;        // of the page's letters; articles may be teasers
constexpr std::uint32_t kLosesTooMuch = 4;   // times as much text as is left, when names are ignored

// A list whose items are links and little else leads away.
constexpr double kLinkList = 0.8;
constexpr double kLinkListWords = 5;

using Indexes = std::vector<std::size_t>;

template <class Keep>
std::uint32_t own_letters(const Page& page, Keep keep) {
  std::uint32_t letters = 0;
  for (const Block& block : page.blocks)
    if (keep(block)) letters += block.own_letters();
  return letters;
}

template <class Keep>
Indexes where(const Page& page, Keep keep) {
  Indexes chosen;
  for (std::size_t i = 0; i < page.blocks.size(); ++i)
    if (keep(page.blocks[i])) chosen.push_back(i);
  return chosen;
}

bool is_group(Block::Kind kind) {
  return kind == Block::Kind::item || kind == Block::Kind::row;
}

/// Items or rows in a row, of `all`, from `from` on: where they end.
std::size_t group_end(const Page& page, const Indexes& all, std::size_t from) {
  const Block& first = page.blocks[all[from]];
  const auto belongs = [&](const Block& block) {
    return block.kind == first.kind && block.group == first.group;
  };
  std::size_t end = from + 1;
  while (is_group(first.kind) && end < all.size() && belongs(page.blocks[all[end]])) ++end;
  return end;
}

/// One number for several blocks, as the rules need them.
struct Sum {
  std::uint32_t words = 0, letters = 0, link_letters = 0;
  double density() const { return letters ? static_cast<double>(link_letters) / letters : 0; }
};

Sum sum_of(const Page& page, const Indexes& all, std::size_t from, std::size_t end) {
  Sum sum;
  for (std::size_t i = from; i < end; ++i) {
    const Block& block = page.blocks[all[i]];
    sum.words += block.words;
    sum.letters += block.letters;
    sum.link_letters += block.link_letters;
  }
  return sum;
}

Indexes without_link_lists(const Page& page, const Indexes& all) {
  Indexes kept;
  for (std::size_t from = 0, end; from < all.size(); from = end) {
    end = group_end(page, all, from);
    const Sum sum = sum_of(page, all, from, end);
    const auto count = static_cast<double>(end - from);
    const bool leads_away = page.blocks[all[from]].kind == Block::Kind::item && count > 2 &&
                            sum.density() > kLinkList && sum.words < count * kLinkListWords;
    if (!leads_away)
      kept.insert(kept.end(), all.begin() + static_cast<std::ptrdiff_t>(from),
                  all.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return kept;
}

bool is_text(const Sum& before, const Sum& here, const Sum& after) {
  if (here.density() > 1.0 / 3) return false;
  if (before.density() <= 5.0 / 9) return here.words > 16 || after.words > 15 || before.words > 4;
  return here.words > 40 || after.words > 17;
}

Indexes by_density(const Page& page, const Indexes& all) {
  struct Group {
    std::size_t from, end;
    Sum sum;
    bool heading, text = false;
  };
  std::vector<Group> groups;
  for (std::size_t from = 0, end; from < all.size(); from = end) {
    end = group_end(page, all, from);
    groups.push_back(
        {from, end, sum_of(page, all, from, end), page.blocks[all[from]].kind == Block::Kind::heading});
  }
  for (std::size_t i = 0; i < groups.size(); ++i)
    groups[i].text = is_text(i ? groups[i - 1].sum : Sum{}, groups[i].sum,
                             i + 1 < groups.size() ? groups[i + 1].sum : Sum{});
  // From below, so that a heading over a heading follows too.
  for (std::size_t i = groups.size(); i-- > 0;)
    if (groups[i].heading) groups[i].text = i + 1 < groups.size() && groups[i + 1].text;

  Indexes kept;
  for (const Group& group : groups)
    if (group.text)
      kept.insert(kept.end(), all.begin() + static_cast<std::ptrdiff_t>(group.from),
                  all.begin() + static_cast<std::ptrdiff_t>(group.end));
  return kept;
}

std::uint32_t own_letters(const Page& page, const Indexes& chosen) {
  std::uint32_t letters = 0;
  for (const std::size_t i : chosen) letters += page.blocks[i].own_letters();
  return letters;
}

}  // namespace

std::vector<std::size_t> article_of(const Page& page) {
  const auto good = [](const Block& block) { return !block.boilerplate; };
  const auto in_main = [&](const Block& block) { return block.main && good(block); };
  const auto in_article = [&](const Block& block) { return block.article && good(block); };
  const std::uint32_t all_letters = own_letters(page, [](const Block&) { return true; });
  const std::uint32_t good_letters = own_letters(page, good);

  if (own_letters(page, in_main) >= kSubstantial) return without_link_lists(page, where(page, in_main));
  if (const std::uint32_t letters = own_letters(page, in_article);
      letters >= kSubstantial && letters >= kArticleShare * good_letters)
    return without_link_lists(page, where(page, in_article));

  Indexes chosen = by_density(page, where(page, good));
  if (own_letters(page, chosen) >= kSubstantial) return chosen;
  // A short page: everything on it counts, unless its frame is most of it.
  const bool misleading = all_letters > kLosesTooMuch * std::max(good_letters, 1u);
  return where(page, [&](const Block& block) { return misleading || good(block); });
}

}  // namespace troupe::memory::loaders::html
