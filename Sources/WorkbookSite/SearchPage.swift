/// The page that searches, and its script: it reads the index, and shows what has all words of the question.
enum SearchPage {
    static let path = "search.html"
    static let scriptPath = "search.js"

    static let html = """
        <h1>Search</h1>
        <form class="search" role="search"><input type="search" name="q" autofocus aria-label="Search the chapters and rules"
        placeholder="Words, or the name of a rule"></form>
        <p id="count" class="small" role="status"><noscript>The search needs JavaScript; the rest of the site does
        not.</noscript></p>
        <ol id="found" class="found"></ol>
        <script src="\(SearchIndex.path)"></script>
        <script src="\(scriptPath)"></script>
        """

    /// Text goes into the page as text, never as markup.
    static let script = #"""
        "use strict";
        (() => {
          const most = 60;
          const field = document.querySelector("main input[type=search]");
          const [count, found] = ["count", "found"].map(id => document.getElementById(id));
          const entries = searchIndex.map(([way, place, title, text]) =>
            ({ way, place, title, text, name: title.toLowerCase(), low: (title + " " + text).toLowerCase() }));

          // Nothing, unless all words are there. Words of the title count most, then those that begin as they were typed.
          const score = (entry, words) => {
            let sum = 0;
            for (const word of words) {
              const at = entry.low.indexOf(word);
              if (at < 0) return 0;
              const begins = at === 0 || !/[\p{L}\p{N}]/u.test(entry.low[at - 1]);
              sum += 1 + (begins ? 2 : 0) + (entry.name.includes(word) ? 10 : 0) + (entry.name === word ? 20 : 0);
            }
            return sum;
          };

          const element = (tag, text, style) => {
            const made = document.createElement(tag);
            if (text) made.textContent = text;
            if (style) made.className = style;
            return made;
          };

          // The words around the first one that was found.
          const excerpt = (entry, words) => {
            const low = entry.text.toLowerCase();
            const places = words.map(word => low.indexOf(word)).filter(at => at >= 0);
            const start = Math.max(0, Math.min(...places, low.length) - 60);
            const end = Math.min(entry.text.length, start + 200);
            const line = element("p");
            let at = start;
            if (start > 0) line.append("… ");
            while (at < end) {
              const next = words.map(word => ({ word, at: low.indexOf(word, at) }))
                .filter(one => one.at >= 0 && one.at < end).sort((a, b) => a.at - b.at || b.word.length - a.word.length)[0];
              line.append(entry.text.slice(at, next ? next.at : end));
              if (!next) break;
              at = next.at + next.word.length;
              line.append(element("mark", entry.text.slice(next.at, at)));
            }
            if (end < entry.text.length) line.append(" …");
            return line;
          };

          const show = () => {
            const words = [...new Set(field.value.toLowerCase().split(/\s+/).filter(Boolean))];
            found.replaceChildren();
            count.textContent = "";
            if (words.length === 0) return;
            const hits = entries.map(entry => ({ entry, score: score(entry, words) })).filter(hit => hit.score > 0)
              .sort((a, b) => b.score - a.score);
            const shown = hits.slice(0, most);
            count.textContent = hits.length === 0 ? "No place has all of these words."
              : (hits.length === 1 ? "1 place" : hits.length + " places")
                + (shown.length < hits.length ? ", of which these are the first " + most : "");
            for (const { entry } of shown) {
              const link = element("a", entry.title);
              link.href = entry.way;
              const item = element("li");
              item.append(link, " ", element("span", entry.place === entry.title ? "" : entry.place, "small"),
                excerpt(entry, words));
              found.append(item);
            }
          };

          field.value = new URLSearchParams(location.search).get("q") ?? "";
          field.addEventListener("input", show);
          field.form.addEventListener("submit", event => { event.preventDefault(); show(); });
          show();
        })();

        """#
}
