/// How the pages look: one column on a phone; the chapters stand beside the text where there is room. Colours that hold on
/// light and dark, and a sheet of paper.
enum SiteStyle {
    static let sheet = """

        :root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: light-dark(#b3471d, #ff9f6b);
          --comment: light-dark(#5f6b76, #93a1ad); --string: light-dark(#a3200d, #ff8a75);
          --keyword: light-dark(#8b1e7a, #ff7ab8); --type: light-dark(#2b5f8a, #7cc4ff);
          --number: light-dark(#1c5fd0, #c9b458); }
        * { box-sizing: border-box; }
        body { margin: 0; font: 1.05rem/1.6 system-ui, sans-serif; overflow-wrap: break-word; }
        a { color: var(--accent); text-underline-offset: .15em; }
        nav { border-bottom: 1px solid var(--line); padding: .6rem 1rem; }
        nav .home { font-weight: 650; text-decoration: none; color: inherit; }
        input[type=search] { font: inherit; color: inherit; width: 100%; padding: .3rem .7rem; border: 1px solid var(--line);
          border-radius: 1rem; background: Canvas; }
        nav form { margin: .5rem 0 0; }
        nav ol { display: flex; gap: .4rem; list-style: none; margin: .5rem 0 0; padding: 0 0 .3rem; overflow-x: auto; }
        /* The chapter that is open stays in view, however far the row is scrolled. */
        nav li.here { position: sticky; left: 0; right: 0; z-index: 1; }
        nav li a { display: block; white-space: nowrap; padding: .15rem .7rem; border-radius: 1rem; background: var(--soft);
          text-decoration: none; color: inherit; }
        nav li a[aria-current] { background: var(--accent); color: light-dark(#fff, #000); box-shadow: 0 0 0 .25rem Canvas; }
        main { max-width: 46rem; margin: 0 auto; padding: .5rem 1rem 4rem; min-width: 0; }
        h1 { line-height: 1.2; font-size: 1.9rem; margin: 1.2rem 0; }
        h1.path { font: 600 1.2rem ui-monospace, monospace; }
        h2 { line-height: 1.25; font-size: 1.35rem; margin: 2.2rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--line); }
        h3 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
        aside { background: var(--soft); border-left: .25rem solid var(--accent); padding: .2rem 1rem; border-radius: .3rem; }
        aside p { margin: .5rem 0; }
        code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .86em; }
        :not(pre) > code { background: var(--soft); padding: .1em .3em; border-radius: .25rem; }
        a.rule { text-decoration-style: dotted; }
        figure { margin: 1rem 0; border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; }
        figure.console { background: #1b1f24; color: #e6e6e6; border-color: #0000; }
        figcaption { font-size: .8rem; padding: .25rem .9rem; border-bottom: 1px solid #8886; opacity: .8; }
        pre { margin: 0; padding: .8rem .9rem; overflow-x: auto; line-height: 1.45; tab-size: 8; }
        /* An error is a sentence: it wraps. Code keeps its lines, and scrolls. */
        figure.text pre { white-space: pre-wrap; overflow-wrap: anywhere; }
        .source pre { counter-reset: line; }
        .source .line::before { counter-increment: line; content: counter(line); display: inline-block; width: 3.2em;
          margin-right: 1em; text-align: right; color: var(--comment); }
        .source .line:target { background: light-dark(#fff3c4, #4a3f12); }
        .prompt { color: #8fa3b5; user-select: none; } .typed { color: #ffd48a; font-weight: 600; }
        .comment { color: var(--comment); } .string { color: var(--string); } .keyword { color: var(--keyword); font-weight: 600; }
        .type { color: var(--type); } .number { color: var(--number); }
        .added { color: light-dark(#116329, #7ee2a8); } .removed { color: light-dark(#a40e26, #ff938a); }
        .wide { overflow-x: auto; margin: 1rem 0; }
        table { border-collapse: collapse; } th, td { border: 1px solid var(--line); padding: .35rem .6rem; text-align: left;
          vertical-align: top; } th { background: var(--soft); }
        details { border: 1px solid var(--line); border-radius: .5rem; padding: .4rem .9rem; margin: .8rem 0; }
        summary { cursor: pointer; font-weight: 600; color: var(--accent); }
        li { margin: .3rem 0; } ol, ul { padding-left: 1.5rem; }
        svg.picture { display: block; margin: 0 auto; max-width: 100%; height: auto; font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
        svg text { text-anchor: middle; fill: currentColor; font-size: 12.2px; }
        svg .exchange { fill: light-dark(#ffe3cf, #5a3217); } svg .queue { fill: light-dark(#d9ecff, #17405f); }
        svg .consumer { fill: light-dark(#dff3df, #1d4a2a); }
        svg .producer { fill: light-dark(#efe3fb, #432b5c); } svg path { stroke: currentColor; stroke-width: 1.3; }
        svg .arrow { fill: none; opacity: .7; } svg .head { fill: currentColor; stroke: none; }
        svg rect.key { fill: Canvas; } svg text.key { font-style: italic; }
        ol.contents { padding-left: 2rem; } .contents > li { margin: 1.4rem 0; } .contents p { margin: .3rem 0; }
        .contents .small { opacity: 1; } .contents span { white-space: nowrap; }
        .contents .chapter { font-weight: 650; font-size: 1.1rem; }
        .deeds { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; padding: 0; margin: .4rem 0; font-size: .85rem; }
        .deeds li { margin: 0; padding: 0 .6rem; border: 1px solid var(--line); border-radius: 1rem; opacity: .8; }
        .deeds .done { background: light-dark(#dff3df, #1d4a2a); opacity: 1; }
        progress { width: 100%; accent-color: var(--accent); }
        .found li { margin: 1rem 0; } .found p { margin: .2rem 0; } mark { background: light-dark(#ffe9a8, #6b5a12); color: inherit; }
        .small { font-size: .85rem; opacity: .75; }
        .entry h2 { font-size: 1rem; } .entry:target { background: light-dark(#fff3c4, #4a3f12); }
        footer { display: flex; justify-content: space-between; gap: 1rem; margin-top: 3rem; padding-top: 1rem;
          border-top: 1px solid var(--line); font-weight: 600; }
        @media (min-width: 64rem) {
          body { display: grid; grid-template-columns: 15rem minmax(0, 1fr); }
          nav { border-bottom: 0; border-right: 1px solid var(--line); padding: 1.5rem 1rem; position: sticky; top: 0;
            height: 100vh; overflow-y: auto; }
          nav ol { flex-direction: column; overflow: visible; margin-top: 1.2rem; }
        }
        .cover ul.plain { list-style: none; padding: 0; }
        article + article, .cover + article { margin-top: 4rem; }
        @page { size: A4; margin: 18mm 16mm; @bottom-center { content: counter(page); font: 9pt system-ui, sans-serif; } }
        @media print {
          :root { color-scheme: light; }
          body { display: block; font-size: 10pt; line-height: 1.45; }
          nav, footer { display: none; }
          main { max-width: none; padding: 0; }
          a { color: inherit; }
          article { break-before: page; } article + article, .cover + article { margin-top: 0; }
          h1, h2, h3, summary { break-after: avoid; }
          figure, svg.picture, tr { break-inside: avoid; }
          pre { white-space: pre-wrap; overflow-wrap: anywhere; }
          .wide { overflow: visible; } svg.picture { min-width: 0 !important; }
          figure.console { background: none; color: inherit; border-color: var(--line); }
          .prompt { color: #555; } .typed { color: inherit; }
        }

        """
}
