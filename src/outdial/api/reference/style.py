"""How the documentation page looks, by day and by night."""

STYLE = """
:root{color-scheme:light dark;--line:#d8dde3;--soft:#f4f6f8;--text:#1c2733;--dim:#5a6775;--link:#0b5cad}
@media(prefers-color-scheme:dark){:root{--line:#333c46;--soft:#1c232b;--text:#e4e9ee;--dim:#9aa7b4;--link:#7ab8f5}
body{background:#12171d}}
*{box-sizing:border-box}
body{margin:0;display:grid;grid-template-columns:19rem minmax(0,1fr);color:var(--text);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem;border-right:1px solid var(--line);font-size:.9rem}
nav h1{font-size:1.25rem;margin:0}nav p{margin:.2rem 0 1rem;color:var(--dim)}
nav h2{font-size:.75rem;letter-spacing:.06em;text-transform:uppercase;color:var(--dim);margin:1.2rem 0 .3rem}
nav ul{list-style:none;margin:0;padding:0}nav li{margin:.25rem 0}
a{color:var(--link);text-decoration:none}a:hover,a:focus{text-decoration:underline}
main{padding:2rem 3rem 6rem;max-width:62rem}
section>h2{margin-top:3rem;padding-bottom:.3rem;border-bottom:2px solid var(--line)}
article{margin:2rem 0 3rem}article h3{margin:0 0 .3rem;font-size:1.2rem}h4{margin:1.4rem 0 .4rem}
.url{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:.5rem .8rem;overflow-x:auto}
b.get{color:#0a7a3f}b.post{color:#0b5cad}b.put,b.patch{color:#96620a}b.delete{color:#b3261e}
b.s2{color:#0a7a3f}b.s4{color:#96620a}b.s5{color:#b3261e}
@media(prefers-color-scheme:dark){b.get,b.s2{color:#5fd39a}b.post{color:#7ab8f5}b.put,b.patch,b.s4{color:#e6b45c}
b.delete,b.s5{color:#ff8a80}}
nav b{font-size:.7rem;display:inline-block;min-width:3.2rem}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.86em}
pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:.8rem 1rem;overflow-x:auto;
margin:.4rem 0}
table{border-collapse:collapse;width:100%;font-size:.92rem}
td{border-top:1px solid var(--line);padding:.4rem .8rem .4rem 0;vertical-align:top}
td:nth-child(2){white-space:nowrap;color:var(--dim)}
details{border:1px solid var(--line);border-radius:6px;padding:.4rem .8rem;margin:.4rem 0}summary{cursor:pointer}
.caption{margin:.8rem 0 0;color:var(--dim);font-size:.88rem}
@media(max-width:54rem){body{display:block}
nav{position:static;height:auto;border-right:0;border-bottom:1px solid var(--line)}
main{padding:1.5rem}}
"""
