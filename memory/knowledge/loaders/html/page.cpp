#include "memory/knowledge/loaders/html/page.h"

#include "memory/knowledge/loaders/html/block_writer.h"
#include "memory/knowledge/loaders/html/entities.h"
#include "memory/knowledge/loaders/html/head_data.h"
#include "memory/knowledge/loaders/html/open_elements.h"
#include "memory/knowledge/loaders/html/tokens.h"
#include "memory/knowledge/loaders/html/wording.h"
#include "models/builtin/utf8.h"

#include <algorithm>
#include <charconv>

namespace troupe::memory::loaders::html {

namespace {

constexpr std::size_t kUrlBytes = 500;  // a longer one is no place to go to but data
constexpr std::size_t kIndentMax = 8;   // levels of lists that are indented
constexpr std::size_t kAltBytes = 1'000;

class PageReader {
 public:
  PageReader(std::string_view html, const PageOptions& options, Page& page)
      : options_(options),
        page_(page),
        tokens_(html),
        open_(options.depth_max),
        writer_(page, options.blocks_max) {}

  void read() {
    Token token;
    while (!writer_.full() && tokens_.next(token)) {
      if (token.kind == Token::Kind::text)
        text(token);
      else if (token.kind == Token::Kind::start_tag)
        start_tag(token);
      else
        end_tag(token);
    }
    close_down_to(0);
    writer_.end_block({});
    head_.store(page_);
    page_.unfinished = tokens_.unfinished();
    page_.cut |= writer_.full();
  }

 private:
  struct List {
    bool ordered = false;
    std::int32_t next = 1;
  };

  void text(const Token& token) {
    const Standing standing = open_.standing();
    const bool title = std::exchange(title_, false);
    if (standing.hidden && !title) return;
    std::string_view text = token.text;
    if (token.references && text.find('&') != std::string_view::npos) {
      unescaped_.clear();
      append_unescaped(unescaped_, text);
      text = unescaped_;
    }
    if (title)
      head_.title(text);
    else
      writer_.text(text, standing);
  }

  void start_tag(const Token& tag) {
    const int known = element_named(tag.name);
    const Role role = known >= 0 ? element(known).role : Role::inline_;
    if (role == Role::page || role == Role::meta) return head_.see(tag);
    if (is_void(role)) return void_element(tag, role);
    if (const std::size_t left = open_.ended_by(role); left != OpenElements::kNone) close_down_to(left);

    const Standing outer = open_.standing();
    // The title of a picture in the page is not the page's.
    title_ = tag.name == "title" && !outer.hidden;
    OpenElement opened{.name = open_.name_of(tag.name),
                       .role = role,
                       .level = known >= 0 ? element(known).level : std::uint8_t{0},
                       .standing = standing_of(tag, role, outer)};
    if (opened.role == Role::inline_ && opened.standing.boilerplate && !outer.boilerplate && !outer.hidden) {
      if (outer.cell)
        opened.standing.hidden = true;
      else
        opened.role = Role::block;  // so that it can be left out by itself
    }
    opened.link = tag.name == "a" && !link_open_ && !opened.standing.hidden && tag.has(Attribute::href);
    if (open_.push(opened) && !opened.standing.hidden) begin(opened, tag, outer);
  }

  Standing standing_of(const Token& tag, Role role, Standing standing) const {
    const bool head_of_text = tag.name == "header" && (standing.main || standing.article);
    const bool text_itself = role == Role::main || role == Role::article;
    standing.hidden |= role == Role::dropped || says_hidden(tag);
    standing.boilerplate |=
        (role == Role::boilerplate && !head_of_text) || (!text_itself && says_boilerplate(tag));
    if (role == Role::main || says_main(tag)) {
      standing.main = true;
      standing.boilerplate = false;
    }
    standing.article |= role == Role::article;
    standing.preformatted |= role == Role::preformatted;
    standing.cell = role == Role::cell || (standing.cell && role != Role::table);
    return standing;
  }

  void begin(const OpenElement& opened, const Token& tag, Standing outer) {
    switch (opened.role) {
      case Role::inline_:
        if (opened.link) begin_link(tag);
        return;
      case Role::heading:
        return writer_.begin_heading(opened.level, outer);
      case Role::preformatted:
        return writer_.begin_preformatted(outer);
      case Role::list:
        writer_.end_block(outer);
        if (lists_.empty()) writer_.begin_group();
        lists_.push_back({.ordered = tag.name == "ol", .next = start_of(tag)});
        return;
      case Role::item:
        writer_.end_block(outer);
        return writer_.begin_item(tag.name == "li" ? marker() : "");
      case Role::table:
      case Role::row:
        writer_.end_row(outer);
        if (opened.role == Role::table) writer_.begin_group();
        return;
      case Role::cell:
        return writer_.begin_cell();
      default:
        if (opened.link) begin_link(tag);
        return writer_.end_block(outer);
    }
  }

  void end(const OpenElement& closed) {
    if (closed.standing.hidden) return;
    if (closed.link) end_link();
    switch (closed.role) {
      case Role::inline_:
      case Role::cell:
        return;
      case Role::heading:
        return writer_.end_heading(closed.standing);
      case Role::preformatted:
        return writer_.end_preformatted(closed.standing);
      case Role::list:
        if (!lists_.empty()) lists_.pop_back();
        return writer_.end_block(closed.standing);
      case Role::item:
        writer_.end_block(closed.standing);
        return writer_.end_item();
      case Role::table:
      case Role::row:
        return writer_.end_row(closed.standing);
      default:
        return writer_.end_block(closed.standing);
    }
  }

  void close_down_to(std::size_t size) {
    while (open_.size() > size) {
      end(open_.top());
      open_.pop();
    }
  }

  void end_tag(const Token& tag) {
    if (tag.name == "br") return void_element(tag, Role::line_break);  // browsers take it for <br>
    const int known = element_named(tag.name);
    const Role role = known >= 0 ? element(known).role : Role::inline_;
    if (role == Role::page || is_void(role)) return;
    const std::size_t left = open_.closed_by(open_.name_of(tag.name), role);
    if (left != OpenElements::kNone) close_down_to(left);
  }

  void void_element(const Token& tag, Role role) {
    const Standing standing = open_.standing();
    if (standing.hidden) return;
    if (role == Role::line_break) writer_.line_break(standing);
    if (role == Role::rule) writer_.end_block(standing);
    if (role == Role::image && !says_hidden(tag)) image(tag, standing);
  }

  void image(const Token& tag, Standing standing) {
    const std::string alt = unescaped_attribute(models::builtin::clip(tag[Attribute::alt], kAltBytes));
    if (models::builtin::trim(alt).empty()) return;
    writer_.text(" [", standing);
    writer_.text(models::builtin::trim(alt), standing);
    writer_.text("] ", standing);
  }

  void begin_link(const Token& tag) {
    link_open_ = true;
    const std::string_view target = models::builtin::trim(tag[Attribute::href]);
    const bool leads_out =
        target.starts_with("https://") || target.starts_with("http://") || target.starts_with("mailto:");
    target_ = options_.links && leads_out && target.size() <= kUrlBytes ? unescaped_attribute(target) : "";
    writer_.begin_link();
  }

  void end_link() {
    link_open_ = false;
    writer_.end_link(target_);
  }

  static std::int32_t start_of(const Token& tag) {
    const std::string_view text = models::builtin::trim(tag[Attribute::start]);
    std::int32_t start = 1;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), start);
    return read.ec == std::errc() && start > 0 && start < 1'000'000'000 ? start : 1;
  }

  std::string marker() {
    const std::size_t levels = lists_.empty() ? 0 : std::min(lists_.size() - 1, kIndentMax);
    std::string marker(levels * 2, ' ');
    if (!lists_.empty() && lists_.back().ordered) return marker + std::to_string(lists_.back().next++) + ". ";
    return marker + "- ";
  }

  const PageOptions& options_;
  Page& page_;
  Tokens tokens_;
  OpenElements open_;
  BlockWriter writer_;
  HeadData head_;
  std::vector<List> lists_;
  std::string unescaped_;
  std::string target_;  ///< of the open link
  bool link_open_ = false;
  bool title_ = false;  ///< the next text is the title
};

}  // namespace

Page read_page(std::string_view html, const PageOptions& options) {
  Page page;
  PageReader(html, options, page).read();
  return page;
}

}  // namespace troupe::memory::loaders::html
