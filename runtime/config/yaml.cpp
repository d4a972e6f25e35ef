#include "runtime/config/yaml.h"

#include "runtime/base/limits.h"
#include "runtime/config/text_check.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <sstream>
#include <unordered_map>

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace troupe::config {

namespace {

// Thrown through yaml-cpp to leave it early; the problem has been reported.
struct Abandoned {};

// What a node costs once aliases are expanded.
struct Weight {
  std::size_t nodes = 1;
  std::size_t bytes = 0;
};

Weight weigh(const Node& node) {
  Weight sum{1, node.text.size()};
  auto add = [&](const Node& child) {
    Weight w = weigh(child);
    sum.nodes += w.nodes;
    sum.bytes += w.bytes;
  };
  for (const Node& item : node.items) add(item);
  for (const Member& member : node.members) {
    add(member.value);
    sum.bytes += member.key.size();
  }
  return sum;
}

std::size_t height(const Node& node) {
  std::size_t most = 0;
  for (const Node& item : node.items) most = std::max(most, height(item));
  for (const Member& member : node.members) most = std::max(most, height(member.value));
  return most + 1;
}

// Builds the tree from yaml-cpp's events. Recursion-free, so that only the tree's depth is bounded by us.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const TextMap& text, int file, const Sources& sources, Problems& problems)
      : text_(text), file_(file), sources_(sources), problems_(problems) {}

  std::optional<Node> take() { return std::move(root_); }

  /// Where the innermost `{` or `[` that is still open stands.
  std::optional<Place> open_bracket() const {
    if (open_.empty() || open_.back().block) return std::nullopt;
    return open_.back().node.place;
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.place = at(mark);
    spend({1, 0}, node.place);
    keep(anchor, node);
    put(std::move(node), true);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = Node::Kind::scalar;
    node.place = at(mark);
    node.quoted = tag != "?";
    node.text = value;
    refuse_tag(tag, node.place);
    spend({1, value.size()}, node.place);
    keep(anchor, node);
    put(std::move(node), false);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(Node::Kind::sequence, mark, tag, anchor, style);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(Node::Kind::map, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Place place = at(mark);
    auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {  // the anchor is still open: the alias stands inside what it names
      problems_.error(place, "an alias (`*name`) stands inside the value it names; that would never end");
      throw Abandoned{};
    }
    const Anchored& anchored = found->second;
    if (open_.size() + anchored.height > limits::kConfigDepth) too_deep(place);
    spend(anchored.weight, place);
    Node copy = anchored.node;
    copy.place = place;
    put(std::move(copy), false);
  }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    bool block = false;
    std::optional<Member> key;                           // a map's key that waits for its value
    bool key_merges = false;                             // that key is `<<`
    std::unordered_map<std::string, std::size_t> index;  // a map's keys
    std::vector<Node> merges;                            // values of `<<`
    std::optional<Place> merge_place;
  };
  struct Anchored {
    Node node;
    Weight weight;
    std::size_t height = 1;
  };

  Place at(const YAML::Mark& mark) const { return text_.place(file_, mark.line, mark.column); }

  void spend(Weight weight, Place place) {
    nodes_ += weight.nodes;
    bytes_ += weight.bytes;
    if (nodes_ <= limits::kConfigNodes && bytes_ <= limits::kConfigTextBytes) return;
    problems_.error(
        place, fmt::format("the file is too large once its aliases are expanded: at most {} values and {} "
                           "bytes of text are read",
                           limits::kConfigNodes, limits::kConfigTextBytes));
    throw Abandoned{};
  }

  void too_deep(Place place) {
    problems_.error(place, fmt::format("nested deeper than {} levels", limits::kConfigDepth));
    throw Abandoned{};
  }

  void refuse_tag(const std::string& tag, Place place) {
    // yaml-cpp says "?" for plain and "!" for quoted scalars, and "?" or "" for collections.
    if (tag.empty() || tag == "?" || tag == "!") return;
    problems_.error(place, fmt::format("the tag `{}` is not supported; write the value without it", tag));
  }

  void keep(YAML::anchor_t anchor, const Node& node) {
    if (anchor == 0) return;
    Weight weight = weigh(node);
    spend(weight, node.place);  // the copy kept for aliases costs as much as the value itself
    anchors_[anchor] = {node, weight, height(node)};
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    Open frame;
    frame.node.kind = kind;
    frame.node.place = at(mark);
    frame.anchor = anchor;
    frame.block = style == YAML::EmitterStyle::Block;
    refuse_tag(tag, frame.node.place);
    spend({1, 0}, frame.node.place);
    if (open_.size() >= limits::kConfigDepth) too_deep(frame.node.place);
    open_.push_back(std::move(frame));
  }

  void close() {
    Open frame = std::move(open_.back());
    open_.pop_back();
    merge(frame);
    keep(frame.anchor, frame.node);
    put(std::move(frame.node), frame.block);
  }

  // Gives a finished value to what it belongs to. `movable`: a value that reads better at its key.
  void put(Node node, bool movable) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& frame = open_.back();
    if (frame.node.kind == Node::Kind::sequence) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.key) {
      open_key(frame, std::move(node));
    } else {
      if (movable) node.place = frame.key->place;
      frame.key->value = std::move(node);
      add(frame, *std::exchange(frame.key, std::nullopt));
    }
  }

  void open_key(Open& frame, Node node) {
    if (node.kind != Node::Kind::scalar) {
      problems_.error(node.place, "a key must be text");
      throw Abandoned{};
    }
    frame.key_merges = node.text == "<<" && !node.quoted;
    frame.key = Member{std::move(node.text), node.place, {}};
  }

  void add(Open& frame, Member member) {
    if (frame.key_merges) {
      if (frame.merge_place) {
        problems_.error(member.place,
                        fmt::format("duplicate key `<<`; first at {}", sources_.point(*frame.merge_place)));
        return;
      }
      frame.merge_place = member.place;
      if (member.value.kind == Node::Kind::sequence)
        frame.merges = std::move(member.value.items);
      else
        frame.merges.push_back(std::move(member.value));
      return;
    }
    auto [first, fresh] = frame.index.try_emplace(member.key, frame.node.members.size());
    if (fresh) {
      frame.node.members.push_back(std::move(member));
      return;
    }
    problems_.error(member.place, fmt::format("duplicate key `{}`; first at {}", clip(member.key),
                                              sources_.point(frame.node.members[first->second].place)));
  }

  // YAML's merge type: keys of the merged maps that the map does not have itself; the earlier map wins.
  void merge(Open& frame) {
    for (Node& source : frame.merges) {
      if (source.kind != Node::Kind::map) {
        problems_.error(source.place, "`<<` merges a map or a list of maps, and this is neither");
        continue;
      }
      for (Member& member : source.members)
        if (frame.index.try_emplace(member.key, frame.node.members.size()).second)
          frame.node.members.push_back(std::move(member));
    }
  }

  const TextMap& text_;
  int file_;
  const Sources& sources_;
  Problems& problems_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::optional<Node> root_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
};

// yaml-cpp's words for the mistakes people make most, said so that they can be put right.
struct Known {
  std::string_view theirs;
  std::string_view ours;
};
constexpr Known kKnown[] = {
    {"illegal map value", "a `:` stands where no key can be; a value that contains `: ` needs quotes"},
    {"end of map not found",
     "this line does not continue the map above it; is it indented as its neighbours are?"},
    {"end of sequence not found",
     "this line does not continue the list above it; is it indented as its neighbours are?"},
    {"end of map flow not found", "this `{` is not closed with `}`, or a quote or comma in it is missing"},
    {"end of sequence flow not found",
     "this `[` is not closed with `]`, or a quote or comma in it is missing"},
    {"illegal EOF in scalar", "a quote is not closed before the end of the file"},
    {"illegal document indicator in scalar", "a quote is not closed before `---` or `...`"},
    {"unknown token", "a character that cannot stand at the start of a value; put the value in quotes"},
    {"illegal block entry", "a `- ` stands where no list can be"},
    {"the referenced anchor is not defined", "an alias (`*name`) without its anchor (`&name`) before it"},
};

// Reports a syntax error where a person can put it right, which is not always where yaml-cpp gave up.
void report_syntax(const YAML::Exception& e, int file, const TextMap& map, const Builder& builder,
                   Problems& problems) {
  Place place = map.place(file, e.mark.line, e.mark.column);
  std::string_view line = map.line(place.line);
  std::size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
  if (std::size_t tab = line.substr(0, indent).find('\t'); tab != std::string_view::npos) {
    problems.error(map.place(file, place.line - 1, static_cast<int>(tab)),
                   "not valid YAML: a tab in the indentation; YAML is indented with spaces");
    return;
  }
  auto known =
      std::find_if(std::begin(kKnown), std::end(kKnown), [&](const Known& k) { return k.theirs == e.msg; });
  std::string text(known == std::end(kKnown) ? std::string_view(e.msg) : known->ours);
  auto bracket = builder.open_bracket();
  if (bracket && line.find("${") != std::string_view::npos)
    text = "inside `{ }` and `[ ]`, `${…}` needs quotes: \"${NAME}\"";
  else if (bracket && e.msg.find("flow not found") != std::string::npos)
    place = *bracket;
  problems.error(place, "not valid YAML: " + text);
}

}  // namespace

std::optional<Node> parse_yaml(std::string_view text, int file, const Sources& sources, Problems& problems) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  TextMap map(text);
  if (auto bad = map.find_unreadable(file)) {
    problems.error(bad->place, bad->text);
    return std::nullopt;
  }
  std::istringstream stream{std::string(text)};
  Builder builder(map, file, sources, problems);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return Node{.place = Place{file, 1, 1}};
    std::optional<Node> root = builder.take();
    // yaml-cpp stops after one document; a second one, or rubbish after the first, must not go unseen.
    Builder rest(map, file, sources, problems);
    if (parser.HandleNextDocument(rest)) {
      std::optional<Node> second = rest.take();
      problems.error(second ? second->place : Place{file, 1, 1},
                     "a second document begins here (`---`); one file is one document");
      return std::nullopt;
    }
    return root;
  } catch (const Abandoned&) {
  } catch (const YAML::DeepRecursion& e) {
    problems.error(map.place(file, e.mark.line, e.mark.column),
                   fmt::format("nested deeper than {} levels", limits::kConfigDepth));
  } catch (const YAML::Exception& e) {
    report_syntax(e, file, map, builder, problems);
  }
  return std::nullopt;
}

}  // namespace troupe::config
