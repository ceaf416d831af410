export default function mount({ parentElement }) {
  parentElement.querySelector("button").onclick = () => print();
}
