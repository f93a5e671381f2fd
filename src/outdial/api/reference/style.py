"""How the documentation page looks, by day and by night, on a desk and on a phone."""

STYLE = """
:root{color-scheme:light dark;--line:#d8dde3;--soft:#f4f6f8;--text:#1c2733;--dim:#5a6775;--link:#0b5cad;--on:#fff;
--get:#0a7a3f;--put:#855300;--delete:#b3261e;--field:#8793a0}
@media(prefers-color-scheme:dark){:root{--line:#333c46;--soft:#1c232b;--text:#e4e9ee;--dim:#9aa7b4;--link:#7ab8f5;
--on:#12171d;--get:#5fd39a;--put:#e6b45c;--delete:#ff8a80;--field:#6b7885}
body{background:#12171d}}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;display:grid;grid-template-columns:21rem minmax(0,1fr);color:var(--text);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.skip{position:absolute;left:-99rem}.skip:focus{left:.5rem;top:.5rem;z-index:1;background:var(--soft);padding:.5rem}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem;border-right:1px solid var(--line);font-size:.9rem}
nav h1{font-size:1.25rem;margin:0}nav p{margin:.2rem 0 .6rem;color:var(--dim)}
nav h2{font-size:1rem;margin:1.4rem 0 0}
nav h3{font-size:.75rem;letter-spacing:.06em;text-transform:uppercase;margin:1.1rem 0 .3rem}nav h3 a{color:var(--dim)}
nav ul{list-style:none;margin:0;padding:0}nav li{margin:.3rem 0;line-height:1.35}
nav li a{display:grid;grid-template-columns:3.4rem minmax(0,1fr);align-items:baseline}
nav b{font-size:.7rem}
#contents{border:0;padding:0}#contents>summary{color:var(--dim)}
#tools label{display:block;font-weight:600;margin-top:.6rem}#tools .count{font-size:.8rem}
.secret{-webkit-text-security:disc}
a{color:var(--link);text-decoration:none}a:hover,a:focus{text-decoration:underline}
main{padding:2rem 3rem 6rem;max-width:64rem;min-width:0}main:focus{outline:0}
section>h2{margin-top:3rem;padding-bottom:.3rem;border-bottom:2px solid var(--line)}
#start ol{padding-left:1.3rem}
article{margin:.6rem 0;scroll-margin-top:1rem}
article>details{padding:0}article>details>summary{padding:.6rem .8rem}
article>details[open]>summary{border-bottom:1px solid var(--line);background:var(--soft)}
article>details>div{padding:.2rem .8rem 1rem;scroll-margin-top:6rem}
article h3{display:inline;font-size:1.05rem}h4{margin:1.4rem 0 .4rem}
.url{display:block;font-size:.9rem;padding-left:1.05rem;overflow-wrap:anywhere}
.get,.s2{color:var(--get)}.post{color:var(--link)}.put,.patch,.s4{color:var(--put)}.delete,.s5{color:var(--delete)}
code,pre,textarea{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.86em}
code{overflow-wrap:anywhere}
pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:.8rem 1rem;overflow-x:auto;
margin:.4rem 0}
.reply pre{max-height:32rem;overflow:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
td{border-top:1px solid var(--line);padding:.4rem .8rem .4rem 0;vertical-align:top}
td:nth-child(-n+2){white-space:nowrap}td:nth-child(2){color:var(--dim)}
details{border:1px solid var(--line);border-radius:6px;padding:.4rem .8rem;margin:.4rem 0}summary{cursor:pointer}
.caption{margin:.8rem 0 0;color:var(--dim);font-size:.88rem}
.line{position:relative}.line .curl{padding-top:2.4rem}
input,select,textarea,button{font:inherit;color:inherit;background:transparent;border:1px solid var(--field);
border-radius:5px;padding:.3rem .5rem;max-width:100%}
input,textarea{width:100%}select{width:100%}option{color:var(--text);background:var(--soft)}
textarea{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.86em}
button{cursor:pointer;padding:.3rem .9rem}
:focus-visible{outline:3px solid var(--link);outline-offset:1px}
.copy{position:absolute;top:.5rem;right:.5rem;font-size:.8rem;padding:.1rem .6rem;background:var(--soft)}
.send{background:var(--link);border-color:var(--link);color:var(--on);font-weight:600}
form{display:grid;grid-template-columns:repeat(auto-fill,minmax(14rem,1fr));gap:.6rem 1rem;
border:1px solid var(--line);border-radius:6px;padding:.8rem 1rem}
.field label{display:block;font-size:.88rem;color:var(--dim)}
form .wide,form .buttons,form .status,form .reply{grid-column:1/-1;margin:0}form .reply{min-width:0}
.status{font-weight:600}.status:empty{display:none}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.1rem 1rem;margin:.3rem 0;font-size:.88rem}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
audio{width:100%;margin-top:.5rem}
@media(max-width:54rem){body{display:block}
nav{position:static;height:auto;border-right:0;border-bottom:1px solid var(--line);padding:1.2rem}
main{padding:1rem 1.2rem 4rem}dl{grid-template-columns:minmax(0,1fr)}
td{display:block;border:0;padding:0}td:first-child{border-top:1px solid var(--line);padding-top:.4rem}
td:last-child{padding-bottom:.5rem}}
"""
