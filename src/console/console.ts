import './console.css';
document.body.append('Coffer');
