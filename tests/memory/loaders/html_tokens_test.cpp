#include "memory/knowledge/loaders/html/entities.h"
#include "memory/knowledge/loaders/html/tokens.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe::memory::loaders::html;

namespace {

/// "<p>" for a start tag, "</p>" for an end tag, texts as they are, with | between them.
std::string tokens(std::string_view page, bool* unfinished = nullptr) {
  Tokens reader(page);
  Token token;
  std::string out;
  bool text = false;
  while (reader.next(token)) {
    // A text may come in pieces.
    if (!out.empty() && !(text && token.kind == Token::Kind::text)) out += '|';
    text = token.kind == Token::Kind::text;
    out += token.kind == Token::Kind::text        ? std::string(token.text)
           : token.kind == Token::Kind::start_tag ? "<" + token.name + ">"
                                                  : "</" + token.name + ">";
  }
  if (unfinished) *unfinished = reader.unfinished();
  return out;
}

std::string attribute(std::string_view tag, Attribute name) {
  Tokens reader(tag);
  Token token;
  REQUIRE(reader.next(token));
  return token.has(name) ? std::string(token[name]) : "(none)";
}

std::string unescaped(std::string_view text) {
  std::string out;
  append_unescaped(out, text);
  return out;
}

}  // namespace

TEST_CASE("tags and texts") {
  CHECK(tokens("a<B>b</B >c<br/>") == "a|<b>|b|</b>|c|<br>");
  CHECK(tokens("") == "");
  CHECK(tokens("<p/x>y") == "<p>|y");
}

TEST_CASE("a < that begins no tag is text") {
  CHECK(tokens("1 < 2 <3 a<") == "1 < 2 <3 a<");
  CHECK(tokens("<<b>") == "<|<b>");
  CHECK(tokens("<<<<") == "<<<<");
  CHECK(tokens("</") == "</");
}

TEST_CASE("comments, in all their forms, doctypes and instructions are left out") {
  CHECK(tokens("a<!-- x -->b") == "ab");
  CHECK(tokens("a<!--> b") == "a b");
  CHECK(tokens("a<!---> b") == "a b");
  CHECK(tokens("a<!-- x --!> b") == "a b");
  CHECK(tokens("a<!-- x -- > y --->b") == "ab");
  CHECK(tokens("<!DOCTYPE html>a<?php x ?>b<! x>c</ x>d<![CDATA[e]]>f") == "abcdf");
}

TEST_CASE("what is never closed takes the rest, and that is told") {
  for (const char* page : {"a<!-- b", "a<p", "a<p class=\"b>c", "a<p b='", "a<? b", "a<!x"}) {
    CAPTURE(page);
    bool unfinished = false;
    CHECK(tokens(page, &unfinished) == "a");
    CHECK(unfinished);
  }
  bool unfinished = true;
  tokens("<p>a", &unfinished);
  CHECK_FALSE(unfinished);
}

TEST_CASE("scripts, styles, titles end at their own end tag only") {
  CHECK(tokens("<script>a<b></p>&amp;</script>c") == "<script>|a<b></p>&amp;|</script>|c");
  CHECK(tokens("<STYLE>x</styles></Style >c") == "<style>|x</styles>|</style>|c");
  CHECK(tokens("<title>a<b></title>") == "<title>|a<b>|</title>");
  CHECK(tokens("<plaintext>a</plaintext>b") == "<plaintext>|a</plaintext>b");
}

TEST_CASE("a script in a comment within a script does not end it") {
  CHECK(tokens("<script><!-- <script>x</script> --> y</script>z") ==
        "<script>|<!-- <script>x</script> --> y|</script>|z");
  CHECK(tokens("<script><!-- x</script>z") == "<script>|<!-- x|</script>|z");
  CHECK(tokens("<script><!--> <script>x</script>z") == "<script>|<!--> <script>x|</script>|z");
}

TEST_CASE("attributes are quoted, bare or nothing; the first of a name counts") {
  CHECK(attribute("<a href=\"x y\">", Attribute::href) == "x y");
  CHECK(attribute("<a HREF='x>y'>", Attribute::href) == "x>y");
  CHECK(attribute("<a href=x/y>", Attribute::href) == "x/y");
  CHECK(attribute("<a href = x>", Attribute::href) == "x");
  CHECK(attribute("<a href=>", Attribute::href) == "");
  CHECK(attribute("<a href=1 href=2>", Attribute::href) == "1");
  CHECK(attribute("<a hidden>", Attribute::hidden) == "");
  CHECK(attribute("<a hreflang=x>", Attribute::href) == "(none)");
  CHECK(attribute("<a =href=x>", Attribute::href) == "(none)");
  CHECK(attribute("<a title=\"b\"href=x>", Attribute::href) == "x");
}

TEST_CASE("the name of a tag is cut, however long it is") {
  Tokens reader("<a23456789012345678901234567890123456789>");
  Token token;
  REQUIRE(reader.next(token));
  CHECK(token.name.size() == Token::kNameBytes);
}

TEST_CASE("character references") {
  CHECK(unescaped("&lt;&gt;&amp;&quot;&apos;&nbsp;") == "<>&\"'\u00A0");
  CHECK(unescaped("&copy;&hellip;&alpha;&rarr;&ne;&sum;&euro;&Scaron;&zwj;") == "©…α→≠∑€Š\u200D");
  CHECK(unescaped("&#65;&#x42;&#X63;&#44032;&#x1F600;") == "ABc가😀");
  CHECK(unescaped("&#65 &#x42g") == "A Bg");
  CHECK(unescaped("&#128;&#x92;&#150;") == "€’–");  // as Windows-1252
  CHECK(unescaped("&#0;&#xD800;&#x110000;&#99999999999999999999;") == "\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST_CASE("old names count without semicolon, as far as they go") {
  CHECK(unescaped("&copy2000 &notit; &amp;amp; &ltx") == "©2000 ¬it; &amp; <x");
  CHECK(unescaped("&hellip &alpha") == "&hellip &alpha");
}

TEST_CASE("what is no reference stays") {
  CHECK(unescaped("a & b && &; &# &#x &#; &nosuch; AT&T &") == "a & b && &; &# &#x &#; &nosuch; AT&T &");
}

TEST_CASE("in an attribute an old name before = or a letter is no reference") {
  CHECK(unescaped_attribute("?a=1&copy=2&lt3&reg;&amp") == "?a=1&copy=2&lt3®&");
  CHECK(unescaped("?a=1&copy=2") == "?a=1©=2");
}
